#include "analysis/profile/pprof_decode.h"

#include <algorithm>
#include <string>
#include <utility>

#include "analysis/profile/pprof_fields.h"

namespace heapwatch {
namespace {

// Of sample types and comments. A message may name a text time and again; these are copies.
constexpr std::size_t kMostCopiedBytes = 1U << 20;

}  // namespace

void PprofDecoder::Recycle(HeapProfile&& done) { profile_ = std::move(done); }

// All but the memory. What there is one of for each sample is not even emptied: it will be
// overwritten.
void PprofDecoder::Clear() {
  HeapProfile empty;
  const auto keep = [](auto& of, auto& to) {
    of.clear();
    to.swap(of);
  };
  keep(profile_.mappings, empty.mappings);
  keep(profile_.functions, empty.functions);
  keep(profile_.lines, empty.lines);
  keep(profile_.locations, empty.locations);
  empty.stacks = std::move(profile_.stacks);
  empty.stacks.Clear();
  empty.samples = std::move(profile_.samples);
  empty.values = std::move(profile_.values);
  empty.stack_hashes = std::move(profile_.stack_hashes);
  profile_ = std::move(empty);

  for (auto* parts :
       {&sample_types_, &mappings_, &locations_, &functions_, &strings_, &period_types_}) {
    parts->clear();
  }
  comments_.clear();
  time_nanos_ = duration_nanos_ = period_ = default_sample_type_ = 0;
  copied_bytes_ = 0;
  mapping_ids_.Clear();
  samples_ = {};
}

Result<HeapProfile> PprofDecoder::Decode(std::string_view message, const DecodeLimits& limits,
                                         std::function<void(const char* end)> is_read) {
  limits_ = &limits;
  message_ = message;
  part_ = message.substr(0, 0);
  Clear();
  const auto where = [this] {
    return "pprof profile, part at byte " + std::to_string(part_.data() - message_.data()) + ": ";
  };
  try {
    ReadParts();
    CopyStrings();
    ReadHeader();
    ReadMappings();
    locations_reader_.Read({.functions = functions_,
                            .locations = locations_,
                            .readable = message.data() + message.size()},
                           strings_, mapping_ids_, profile_, part_);
    samples_.is_read = std::move(is_read);
    samples_reader_.Read(samples_, strings_, locations_reader_.location_ids(), limits.stack_depth,
                         profile_, part_);
    CheckFrames();
  } catch (const MalformedMessage& e) {
    return Fail(e.code, where() + e.message);
  } catch (const protozero::exception& e) {
    return Fail(ErrorCode::kCorrupt, where() + e.what());
  }
  return std::move(profile_);
}

inline void PprofDecoder::AddPart(const FieldReader& field, std::string_view what,
                                  std::vector<std::string_view>& parts) {
  part_ = field.Bytes();
  parts.push_back(part_);
  if (parts.size() > limits_->samples) ThrowLimit(what, limits_->samples);
}

void PprofDecoder::ReadParts() {
  FieldReader reader(message_);
  for (;;) {
    const char* const begin = reader.at();
    if (!reader.Next()) return;
    switch (reader.number()) {
      case 2:
        part_ = reader.Bytes();
        if (samples_.sample_count++ == 0) {
          samples_.fields = message_.substr(static_cast<std::size_t>(begin - message_.data()));
        }
        if (samples_.sample_count > limits_->samples) ThrowLimit("samples", limits_->samples);
        break;
      case 4:
        AddPart(reader, "locations", locations_);
        break;
      case 5:
        AddPart(reader, "functions", functions_);
        break;
      case 6:
        AddPart(reader, "strings", strings_);
        break;
      default:
        ReadSmallPart(reader);
        break;
    }
  }
}

// All of which there are few.
void PprofDecoder::ReadSmallPart(const FieldReader& field) {
  switch (field.number()) {
    case 1:
      return AddPart(field, "sample types", sample_types_);
    case 3:
      return AddPart(field, "mappings", mappings_);
    case 9:
      time_nanos_ = field.Int64();
      break;
    case 10:
      duration_nanos_ = field.Int64();
      break;
    case 11:
      return AddPart(field, "period types", period_types_);
    case 12:
      period_ = field.Int64();
      break;
    case 13:
      field.EachVarint(
          [this](std::uint64_t v) { comments_.push_back(static_cast<std::int64_t>(v)); });
      if (comments_.size() > limits_->samples) ThrowLimit("comments", limits_->samples);
      break;
    case 14:
      default_sample_type_ = field.Int64();
      break;
    default:
      break;
  }
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
  for (std::string_view& text : strings_) text = text.substr(0, kMostTextBytes);
  profile_.text.push_back(std::move(copy));
}

std::string PprofDecoder::CopyText(std::int64_t index) {
  const std::string_view text = TextAt(strings_, index);
  copied_bytes_ += text.size();
  if (copied_bytes_ > kMostCopiedBytes) {
    ThrowLimit("bytes of sample types and comments", kMostCopiedBytes);
  }
  return std::string(text);
}

SampleType PprofDecoder::ReadValueType(std::string_view part) {
  SampleType type;
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        type.type = CopyText(reader.Int64());
        break;
      case 2:
        type.unit = CopyText(reader.Int64());
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
  for (const std::int64_t comment : comments_) profile_.comments.push_back(CopyText(comment));
  if (default_sample_type_ == 0) return;
  for (std::size_t i = 0; i < profile_.sample_types.size(); ++i) {
    if (profile_.sample_types[i].type == TextAt(strings_, default_sample_type_)) {
      profile_.default_sample_type = i;
    }
  }
}

// Few bytes may stand for very many: calls that were inlined at a location count for every stack
// through it.
void PprofDecoder::CheckFrames() const {
  const auto frames_at = [](const Location& location) {
    return std::max<std::size_t>(1, location.line_count);
  };
  std::size_t most_at_one = 1;
  for (const Location& location : profile_.locations) {
    most_at_one = std::max(most_at_one, frames_at(location));
  }
  // A location of a stack takes a byte at least: mostly that is enough to know.
  if (most_at_one * message_.size() <= limits_->frames) return;
  std::size_t frames = 0;
  for (std::size_t stack = 0; stack < profile_.stack_count(); ++stack) {
    for (const LocationId id : profile_.stack(StackId(stack))) {
      frames += frames_at(profile_.locations[id.index()]);
    }
    if (frames > limits_->frames) ThrowLimit("frames in all stacks", limits_->frames);
  }
}

void PprofDecoder::ReadMappings() {
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
          mapping.file = TextAt(strings_, reader.Int64());
          break;
        case 6:
          mapping.build_id = TextAt(strings_, reader.Int64());
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

}  // namespace heapwatch
