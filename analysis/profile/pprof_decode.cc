#include "analysis/profile/pprof_decode.h"

#include <algorithm>
#include <bit>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <utility>

#include "analysis/profile/stack_hash.h"

namespace heapwatch {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Thrown and caught in this file only: where the message breaks the format's rules.
struct Malformed {
  ErrorCode code;
  std::string message;
};

[[noreturn]] void Throw(std::string message) {
  throw Malformed{ErrorCode::kCorrupt, std::move(message)};
}
[[noreturn]] void ThrowLimit(std::string_view what, std::size_t limit) {
  throw Malformed{ErrorCode::kLimit,
                  "more than " + std::to_string(limit) + " " + std::string(what)};
}

std::string_view View(const protozero::data_view& data) { return {data.data(), data.size()}; }
pbf_reader Reader(std::string_view part) { return pbf_reader(part.data(), part.size()); }

// protozero asserts the wire type; here a peer chose it.
void Expect(const pbf_reader& reader, pbf_wire_type type) {
  if (reader.wire_type() != type) {
    Throw("field " + std::to_string(reader.tag()) + " has wire type " +
          std::to_string(static_cast<int>(reader.wire_type())));
  }
}
std::uint64_t Uint64(pbf_reader& reader) {
  Expect(reader, pbf_wire_type::varint);
  return reader.get_uint64();
}
std::int64_t Int64(pbf_reader& reader) { return static_cast<std::int64_t>(Uint64(reader)); }
std::string_view Bytes(pbf_reader& reader) {
  Expect(reader, pbf_wire_type::length_delimited);
  return View(reader.get_view());
}

// A repeated number: packed, or one at a time.
template <class F>
void EachVarint(pbf_reader& reader, F f) {
  if (reader.wire_type() != pbf_wire_type::length_delimited) return f(Uint64(reader));
  const std::string_view packed = Bytes(reader);
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) f(protozero::decode_varint(&at, end));
}

std::int64_t Add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void PprofDecoder::IdTable::Reset(std::size_t count) {
  dense_.assign(count * 2 + 64, kNone);
  sparse_.clear();
}

bool PprofDecoder::IdTable::Insert(std::uint64_t id, std::uint32_t index) {
  if (id >= dense_.size()) return sparse_.emplace(id, index).second;
  if (dense_[id] != kNone) return false;
  dense_[id] = index;
  return true;
}

bool PprofDecoder::IdTable::FindSparse(std::uint64_t id, std::uint32_t& index) const {
  const auto found = sparse_.find(id);
  if (found == sparse_.end()) return false;
  index = found->second;
  return true;
}

void PprofDecoder::IndexTable::Reset(std::size_t count) {
  slots_.assign(std::bit_ceil(count * 2 + 2), kEmpty);
  mask_ = slots_.size() - 1;
}

Result<HeapProfile> PprofDecoder::Decode(std::string_view message, const DecodeLimits& limits) {
  limits_ = &limits;
  message_ = message;
  part_ = message.substr(0, 0);
  profile_ = HeapProfile();
  const auto where = [this] {
    return "pprof profile, part at byte " + std::to_string(part_.data() - message_.data()) + ": ";
  };
  try {
    FindParts(message);
    CopyStrings();
    ReadHeader();
    ReadMappings();
    ReadFunctions();
    ReadLocations();
    ReadSamples();
  } catch (const Malformed& e) {
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
  const auto add = [this](std::vector<std::string_view>& parts, pbf_reader& reader,
                          std::string_view what) {
    parts.push_back(Bytes(reader));
    part_ = parts.back();
    if (parts.size() > limits_->samples) ThrowLimit(what, limits_->samples);
  };
  pbf_reader reader = Reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
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
        time_nanos_ = Int64(reader);
        break;
      case 10:
        duration_nanos_ = Int64(reader);
        break;
      case 11:
        add(period_types_, reader, "period types");
        break;
      case 12:
        period_ = Int64(reader);
        break;
      case 13:
        EachVarint(reader,
                   [this](std::uint64_t v) { comments_.push_back(static_cast<std::int64_t>(v)); });
        break;
      case 14:
        default_sample_type_ = Int64(reader);
        break;
      default:
        reader.skip();
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
// the next one.
void PprofDecoder::CopyStrings() {
  std::size_t size = 0;
  for (const std::string_view text : strings_) size += text.size();
  auto all = std::make_shared<std::string>();
  all->reserve(size);
  for (std::string_view& text : strings_) {
    const std::size_t at = all->size();
    all->append(text);
    text = std::string_view(all->data() + at, text.size());
  }
  profile_.text.push_back(std::move(all));
}

SampleType PprofDecoder::ReadValueType(std::string_view part) const {
  SampleType type;
  pbf_reader reader = Reader(part);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        type.type = String(Int64(reader));
        break;
      case 2:
        type.unit = String(Int64(reader));
        break;
      default:
        reader.skip();
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
  mapping_ids_.Reset(mappings_.size());
  profile_.mappings.reserve(mappings_.size());
  for (const std::string_view part : mappings_) {
    part_ = part;
    std::uint64_t id = 0;
    Mapping mapping;
    pbf_reader reader = Reader(part);
    while (reader.next()) {
      switch (reader.tag()) {
        case 1:
          id = Uint64(reader);
          break;
        case 2:
          mapping.start = Uint64(reader);
          break;
        case 3:
          mapping.limit = Uint64(reader);
          break;
        case 4:
          mapping.file_offset = Uint64(reader);
          break;
        case 5:
          mapping.file = String(Int64(reader));
          break;
        case 6:
          mapping.build_id = String(Int64(reader));
          break;
        case 7:
          mapping.has_functions = (Uint64(reader) != 0);
          break;
        case 8:
          mapping.has_filenames = (Uint64(reader) != 0);
          break;
        case 9:
          mapping.has_line_numbers = (Uint64(reader) != 0);
          break;
        case 10:
          mapping.has_inline_frames = (Uint64(reader) != 0);
          break;
        default:
          reader.skip();
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
  function_ids_.Reset(functions_.size());
  profile_.functions.reserve(functions_.size());
  for (const std::string_view part : functions_) {
    part_ = part;
    std::uint64_t id = 0;
    Function function;
    pbf_reader reader = Reader(part);
    while (reader.next()) {
      switch (reader.tag()) {
        case 1:
          id = Uint64(reader);
          break;
        case 2:
          function.name = String(Int64(reader));
          break;
        case 3:
          function.system_name = String(Int64(reader));
          break;
        case 4:
          function.file = String(Int64(reader));
          break;
        case 5:
          function.start_line = Int64(reader);
          break;
        default:
          reader.skip();
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
  pbf_reader reader = Reader(part);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        function = Uint64(reader);
        break;
      case 2:
        line.line = Int64(reader);
        break;
      case 3:
        line.column = Int64(reader);
        break;
      default:
        reader.skip();
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
  location_ids_.Reset(locations_.size());
  profile_.locations.reserve(locations_.size());
  profile_.lines.reserve(locations_.size() + locations_.size() / 4);
  for (const std::string_view part : locations_) {
    part_ = part;
    std::uint64_t id = 0;
    std::uint64_t mapping = 0;
    Location location;
    location.first_line = static_cast<std::uint32_t>(profile_.lines.size());
    pbf_reader reader = Reader(part);
    while (reader.next()) {
      switch (reader.tag()) {
        case 1:
          id = Uint64(reader);
          break;
        case 2:
          mapping = Uint64(reader);
          break;
        case 3:
          location.address = Uint64(reader);
          break;
        case 4:
          ReadLine(Bytes(reader));
          break;
        case 5:
          location.is_folded = (Uint64(reader) != 0);
          break;
        default:
          reader.skip();
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

void PprofDecoder::ReadSamples() {
  location_hashes_ = HashLocations(profile_);
  stacks_.Reset(samples_.size());
  rows_.Reset(samples_.size());
  profile_.stack_begin.reserve(samples_.size() + 1);
  profile_.stack_hashes.reserve(samples_.size());
  profile_.samples.reserve(samples_.size());
  profile_.values.reserve(samples_.size() * sample_types_.size());
  for (const std::string_view part : samples_) {
    part_ = part;
    ReadSample(part);
  }
}

void PprofDecoder::ReadSample(std::string_view part) {
  stack_.clear();
  stack_key_.clear();
  values_.clear();
  std::int64_t block_bytes = 0;
  pbf_reader reader = Reader(part);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        EachVarint(reader, [this](std::uint64_t id) {
          std::uint32_t index = 0;
          if (!location_ids_.Find(id, index)) {
            Throw("a sample at location " + std::to_string(id) + ", which is not there");
          }
          stack_.emplace_back(index);
          stack_key_.push_back(location_hashes_[index]);
        });
        break;
      case 2:
        EachVarint(reader,
                   [this](std::uint64_t v) { values_.push_back(static_cast<std::int64_t>(v)); });
        break;
      case 3:
        block_bytes = std::max(block_bytes, BlockBytes(Bytes(reader)));
        break;
      default:
        reader.skip();
    }
  }
  if (stack_.size() > limits_->stack_depth) ThrowLimit("frames in a stack", limits_->stack_depth);
  if (values_.size() != profile_.sample_types.size()) {
    Throw("a sample with " + std::to_string(values_.size()) + " values against " +
          std::to_string(profile_.sample_types.size()) + " sample types");
  }
  AddSample(InternStack(), block_bytes);
}

// Go tells the size of the objects in the numeric label `bytes`. 0: another label.
std::int64_t PprofDecoder::BlockBytes(std::string_view label) const {
  std::int64_t key = 0;
  std::int64_t number = 0;
  pbf_reader reader = Reader(label);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        key = Int64(reader);
        break;
      case 3:
        number = Int64(reader);
        break;
      default:
        reader.skip();
    }
  }
  return String(key) == "bytes" ? number : 0;
}

StackId PprofDecoder::InternStack() {
  const ContentHash hash = HashStack(stack_key_);
  std::uint32_t& slot = stacks_.Slot(
      hash.low, [&](std::uint32_t index) { return profile_.stack_hashes[index] == hash; });
  if (slot == IndexTable::kEmpty) {
    slot = static_cast<std::uint32_t>(profile_.stack_hashes.size());
    profile_.stack_hashes.push_back(hash);
    profile_.stack_locations.insert(profile_.stack_locations.end(), stack_.begin(), stack_.end());
    profile_.stack_begin.push_back(static_cast<std::uint32_t>(profile_.stack_locations.size()));
  }
  return StackId(slot);
}

void PprofDecoder::AddSample(StackId stack, std::int64_t block_bytes) {
  const std::uint64_t hash = (profile_.stack_hashes[stack.index()].high ^
                              static_cast<std::uint64_t>(block_bytes) * 0x9E3779B97F4A7C15U);
  std::uint32_t& slot = rows_.Slot(hash ^ (hash >> 32), [&](std::uint32_t index) {
    const Sample& sample = profile_.samples[index];
    return sample.stack == stack && sample.block_bytes == block_bytes;
  });
  if (slot == IndexTable::kEmpty) {
    slot = static_cast<std::uint32_t>(profile_.samples.size());
    profile_.samples.push_back({.stack = stack, .block_bytes = block_bytes});
    profile_.values.insert(profile_.values.end(), values_.begin(), values_.end());
    return;
  }
  std::int64_t* const sums = profile_.values.data() + slot * values_.size();
  for (std::size_t i = 0; i < values_.size(); ++i) sums[i] = Add(sums[i], values_[i]);
}

}  // namespace heapwatch
