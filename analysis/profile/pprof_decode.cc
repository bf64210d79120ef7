#include "analysis/profile/pprof_decode.h"

#include <string>
#include <utility>

#include "analysis/profile/pprof_fields.h"

namespace heapwatch {

void PprofDecoder::Recycle(HeapProfile&& done) { profile_ = std::move(done); }

// All but the memory.
void PprofDecoder::Clear(HeapProfile& profile) {
  HeapProfile empty;
  const auto keep = [](auto& of, auto& to) {
    of.clear();
    to.swap(of);
  };
  keep(profile.mappings, empty.mappings);
  keep(profile.functions, empty.functions);
  keep(profile.lines, empty.lines);
  keep(profile.locations, empty.locations);
  keep(profile.stack_locations, empty.stack_locations);
  keep(profile.stack_hashes, empty.stack_hashes);
  keep(profile.stack_begin, empty.stack_begin);
  keep(profile.samples, empty.samples);
  keep(profile.values, empty.values);
  empty.stack_begin.push_back(0);
  profile = std::move(empty);
}

Result<HeapProfile> PprofDecoder::Decode(std::string_view message, const DecodeLimits& limits) {
  limits_ = &limits;
  message_ = message;
  part_ = message.substr(0, 0);
  Clear(profile_);
  const auto where = [this] {
    const char* const part = part_.data() == nullptr ? samples_reader_.part().data() : part_.data();
    return "pprof profile, part at byte " + std::to_string(part - message_.data()) + ": ";
  };
  try {
    FindParts(message);
    CopyStrings();
    ReadHeader();
    ReadMappings();
    ReadFunctions();
    ReadLocations();
    part_ = {};
    samples_reader_.Read(samples_, strings_, location_ids_, limits.stack_depth, profile_);
  } catch (const MalformedMessage& e) {
    return Fail(e.code, where() + e.message);
  } catch (const protozero::exception& e) {
    return Fail(ErrorCode::kCorrupt, where() + e.what());
  }
  return std::move(profile_);
}

void PprofDecoder::FindParts(std::string_view message) {
  for (auto* parts : {&sample_types_, &samples_, &mappings_, &locations_, &functions_, &strings_,
                      &period_types_}) {
    parts->clear();
  }
  comments_.clear();
  time_nanos_ = duration_nanos_ = period_ = default_sample_type_ = 0;
  const auto add = [this](std::vector<std::string_view>& parts, const FieldReader& reader,
                          std::string_view what) {
    parts.push_back(reader.Bytes());
    part_ = parts.back();
    if (parts.size() > limits_->samples) ThrowLimit(what, limits_->samples);
  };
  FieldReader reader(message);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        add(sample_types_, reader, "sample types");
        break;
      case 2:
        add(samples_, reader, "samples");
        break;
      case 3:
        add(mappings_, reader, "mappings");
        break;
      case 4:
        add(locations_, reader, "locations");
        break;
      case 5:
        add(functions_, reader, "functions");
        break;
      case 6:
        add(strings_, reader, "strings");
        break;
      case 9:
        time_nanos_ = reader.Int64();
        break;
      case 10:
        duration_nanos_ = reader.Int64();
        break;
      case 11:
        add(period_types_, reader, "period types");
        break;
      case 12:
        period_ = reader.Int64();
        break;
      case 13:
        reader.EachVarint(
            [this](std::uint64_t v) { comments_.push_back(static_cast<std::int64_t>(v)); });
        break;
      case 14:
        default_sample_type_ = reader.Int64();
        break;
      default:
        break;
    }
  }
}

std::string_view PprofDecoder::String(std::int64_t index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= strings_.size()) {
    if (index == 0) return {};
    Throw("string " + std::to_string(index) + " of " + std::to_string(strings_.size()));
  }
  return strings_[static_cast<std::size_t>(index)];
}

// The profile keeps its names, not the message: that is far larger, and its buffer is wanted for
// the next one. Writers put the strings side by side, so that one copy takes them all.
void PprofDecoder::CopyStrings() {
  if (strings_.empty()) return;
  std::size_t size = 0;
  for (const std::string_view text : strings_) size += text.size();
  const char* const begin = strings_.front().data();
  const std::string_view all(
      begin, static_cast<std::size_t>(strings_.back().data() + strings_.back().size() - begin));
  auto copy = std::make_shared<std::string>();
  if (all.size() <= size + 8 * strings_.size()) {
    copy->assign(all);
    for (std::string_view& text : strings_) {
      text = {copy->data() + (text.data() - begin), text.size()};
    }
  } else {
    copy->reserve(size);
    for (std::string_view& text : strings_) {
      const std::size_t at = copy->size();
      copy->append(text);
      text = {copy->data() + at, text.size()};
    }
  }
  profile_.text.push_back(std::move(copy));
}

SampleType PprofDecoder::ReadValueType(std::string_view part) const {
  SampleType type;
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        type.type = String(reader.Int64());
        break;
      case 2:
        type.unit = String(reader.Int64());
        break;
      default:
        break;
    }
  }
  return type;
}

void PprofDecoder::ReadHeader() {
  for (const std::string_view part : sample_types_) {
    part_ = part;
    profile_.sample_types.push_back(ReadValueType(part));
  }
  for (const std::string_view part : period_types_) {
    part_ = part;
    profile_.period_type = ReadValueType(part);
  }
  if (time_nanos_ != 0) profile_.time = FromUnixMillis(time_nanos_ / 1'000'000);
  if (duration_nanos_ != 0) profile_.duration = Duration(duration_nanos_ / 1'000'000);
  if (period_ != 0) profile_.sampling_period_bytes = period_;
  for (const std::int64_t comment : comments_) profile_.comments.emplace_back(String(comment));
  if (default_sample_type_ == 0) return;
  for (std::size_t i = 0; i < profile_.sample_types.size(); ++i) {
    if (profile_.sample_types[i].type == String(default_sample_type_)) {
      profile_.default_sample_type = i;
    }
  }
}

void PprofDecoder::ReadMappings() {
  mapping_ids_.Clear();
  profile_.mappings.reserve(mappings_.size());
  for (const std::string_view part : mappings_) {
    part_ = part;
    std::uint64_t id = 0;
    Mapping mapping;
    FieldReader reader(part);
    while (reader.Next()) {
      switch (reader.number()) {
        case 1:
          id = reader.Uint64();
          break;
        case 2:
          mapping.start = reader.Uint64();
          break;
        case 3:
          mapping.limit = reader.Uint64();
          break;
        case 4:
          mapping.file_offset = reader.Uint64();
          break;
        case 5:
          mapping.file = String(reader.Int64());
          break;
        case 6:
          mapping.build_id = String(reader.Int64());
          break;
        case 7:
          mapping.has_functions = reader.Uint64() != 0;
          break;
        case 8:
          mapping.has_filenames = reader.Uint64() != 0;
          break;
        case 9:
          mapping.has_line_numbers = reader.Uint64() != 0;
          break;
        case 10:
          mapping.has_inline_frames = reader.Uint64() != 0;
          break;
        default:
          break;
      }
    }
    if (id == 0) Throw("mapping with id 0");
    if (!mapping_ids_.Insert(id, static_cast<std::uint32_t>(profile_.mappings.size()))) {
      Throw("two mappings with id " + std::to_string(id));
    }
    profile_.mappings.push_back(mapping);
  }
}

void PprofDecoder::ReadFunctions() {
  function_ids_.Clear();
  profile_.functions.reserve(functions_.size());
  for (const std::string_view part : functions_) {
    part_ = part;
    std::uint64_t id = 0;
    Function function;
    FieldReader reader(part);
    while (reader.Next()) {
      switch (reader.number()) {
        case 1:
          id = reader.Uint64();
          break;
        case 2:
          function.name = String(reader.Int64());
          break;
        case 3:
          function.system_name = String(reader.Int64());
          break;
        case 4:
          function.file = String(reader.Int64());
          break;
        case 5:
          function.start_line = reader.Int64();
          break;
        default:
          break;
      }
    }
    if (id == 0) Throw("function with id 0");
    if (!function_ids_.Insert(id, static_cast<std::uint32_t>(profile_.functions.size()))) {
      Throw("two functions with id " + std::to_string(id));
    }
    if (function.name.empty()) function.name = function.system_name;
    if (function.system_name == function.name) function.system_name = {};
    profile_.functions.push_back(function);
  }
}

void PprofDecoder::ReadLine(std::string_view part) {
  std::uint64_t function = 0;
  Line line;
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        function = reader.Uint64();
        break;
      case 2:
        line.line = reader.Int64();
        break;
      case 3:
        line.column = reader.Int64();
        break;
      default:
        break;
    }
  }
  if (function == 0) return;  // says nothing about the address
  std::uint32_t index = 0;
  if (!function_ids_.Find(function, index)) {
    Throw("a line of function " + std::to_string(function) + ", which is not there");
  }
  line.function = FunctionId(index);
  profile_.lines.push_back(line);
}

void PprofDecoder::ReadLocations() {
  location_ids_.Clear();
  profile_.locations.reserve(locations_.size());
  profile_.lines.reserve(locations_.size() + locations_.size() / 4);
  for (const std::string_view part : locations_) {
    part_ = part;
    std::uint64_t id = 0;
    std::uint64_t mapping = 0;
    Location location;
    location.first_line = static_cast<std::uint32_t>(profile_.lines.size());
    FieldReader reader(part);
    while (reader.Next()) {
      switch (reader.number()) {
        case 1:
          id = reader.Uint64();
          break;
        case 2:
          mapping = reader.Uint64();
          break;
        case 3:
          location.address = reader.Uint64();
          break;
        case 4:
          ReadLine(reader.Bytes());
          break;
        case 5:
          location.is_folded = reader.Uint64() != 0;
          break;
        default:
          break;
      }
    }
    if (id == 0) Throw("location with id 0");
    if (!location_ids_.Insert(id, static_cast<std::uint32_t>(profile_.locations.size()))) {
      Throw("two locations with id " + std::to_string(id));
    }
    location.line_count = static_cast<std::uint32_t>(profile_.lines.size()) - location.first_line;
    // Some writers name a mapping that they do not list; go tool pprof takes that as none.
    std::uint32_t index = 0;
    if (mapping_ids_.Find(mapping, index)) location.mapping = MappingId(index);
    profile_.locations.push_back(location);
  }
}

}  // namespace heapwatch
