#include "analysis/profile/sample_reader.h"

#include <algorithm>
#include <string>

#include "analysis/profile/pprof_fields.h"
#include "analysis/profile/varint.h"

namespace heapwatch {

void SampleReader::Read(const Source& source, const std::vector<std::string_view>& texts,
                        const IdTable& location_ids, std::size_t stack_depth, HeapProfile& profile,
                        std::string_view& part) {
  constexpr std::uint64_t kSample = 2;
  constexpr std::ptrdiff_t kTellEveryBytes = 1U << 18;
  texts_ = &texts;
  width_ = profile.sample_types.size();
  bytes_key_ = 0;
  profile.stacks.Reserve(source.sample_count, source.fields.size() / 4);
  path_.Reset(location_ids, stack_depth, profile);
  table_.Reset(source.sample_count, profile);
  readable_ = source.fields.data() + source.fields.size();

  FieldReader reader(source.fields);
  const char* told = source.fields.data();
  for (std::size_t left = source.sample_count; left > 0;) {
    reader.Next();
    if (reader.number() != kSample) continue;
    part = reader.Bytes();
    ReadSample(part);
    --left;
    if (part.data() - told > kTellEveryBytes && source.is_read) {
      // The bytes of this sample are still looked at for the next one.
      told = part.data();
      source.is_read(told);
    }
  }
  table_.Finish();
}

// The usual layout: a packed list of locations, a packed list of values, labels. All else goes the
// slow way.
[[gnu::always_inline]] inline void SampleReader::ReadSample(std::string_view part) {
  UsualFields fields(part, readable_);
  std::string_view ids;
  std::string_view values;
  // Go writes the values first, others last.
  bool has_values = fields.Bytes(2, values);
  fields.Bytes(1, ids);
  if (!has_values) has_values = fields.Bytes(2, values);
  std::int64_t block_bytes = 0;
  for (std::string_view label; fields.Bytes(3, label);) {
    block_bytes = std::max(block_bytes, ReadBlockBytes(label));
  }
  if (!fields.AtEnd() || !has_values) return ReadUnusual(part);
  path_.Read(ids);
  ReadValues(values, table_.NextValues());
  table_.Add(path_.hash(), path_.leaf(), block_bytes);
}

// Repeated fields, numbers that are not packed, fields we do not know.
void SampleReader::ReadUnusual(std::string_view part) {
  ids_.clear();
  values_.clear();
  std::int64_t block_bytes = 0;
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        reader.EachVarint([this](std::uint64_t id) { ids_.push_back(id); });
        break;
      case 2:
        reader.EachVarint(
            [this](std::uint64_t v) { values_.push_back(static_cast<std::int64_t>(v)); });
        break;
      case 3:
        block_bytes = std::max(block_bytes, ReadBlockBytes(reader.Bytes()));
        break;
      default:
        break;
    }
  }
  if (values_.size() != width_) WrongValueCount(values_.size());
  std::copy(values_.begin(), values_.end(), table_.NextValues());
  path_.Read(ids_);
  table_.Add(path_.hash(), path_.leaf(), block_bytes);
}

void SampleReader::WrongValueCount(std::size_t count) const {
  Throw("a sample with " + std::to_string(count) + " values against " + std::to_string(width_) +
        " sample types");
}

[[gnu::always_inline]] inline void SampleReader::ReadValues(std::string_view packed,
                                                            std::int64_t* to) const {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  std::size_t count = 0;
  for (; at != end && count < width_; ++count) {
    to[count] = static_cast<std::int64_t>(ReadVarint(at, end));
  }
  for (; at != end; ++count) ReadVarint(at, end);
  if (count != width_) WrongValueCount(count);
}

// Go tells the size of the objects in the numeric label `bytes`. 0: another label.
[[gnu::always_inline]] inline std::int64_t SampleReader::ReadBlockBytes(std::string_view label) {
  UsualFields fields(label, readable_);
  const std::uint64_t key = fields.Number(1);
  const std::uint64_t number = fields.Number(3);
  if (!fields.AtEnd() || key != bytes_key_ || key == 0) return ReadUnknownLabel(label);
  return static_cast<std::int64_t>(number);
}

std::int64_t SampleReader::ReadUnknownLabel(std::string_view label) {
  std::uint64_t key = 0;
  std::uint64_t number = 0;
  FieldReader reader(label);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        key = reader.Uint64();
        break;
      case 3:
        number = reader.Uint64();
        break;
      default:
        break;
    }
  }
  if (key == 0) return 0;
  if (TextAt(*texts_, static_cast<std::int64_t>(key)) != "bytes") return 0;
  bytes_key_ = key;
  return static_cast<std::int64_t>(number);
}

}  // namespace heapwatch
