#include "analysis/profile/sample_reader.h"

#include <algorithm>
#include <bit>
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
  // Room is made for them all; a value takes a byte at least.
  if (width_ > 0 && source.sample_count > source.fields.size() / width_) {
    Throw(std::to_string(source.sample_count) + " samples too short for " + std::to_string(width_) +
          " sample types");
  }
  bytes_key_ = 0;
  bytes_label_ = kNoLabel;
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

[[gnu::always_inline]] inline void SampleReader::ReadSample(std::string_view part) {
  Fields fields;
  if (!FindGoFields(part, fields) && !FindUsualFields(part, fields)) return ReadUnusual(part);
  path_.Read(fields.ids);
  ReadValues(fields.values, table_.NextValues());
  table_.Add(path_.hash(), path_.leaf(), fields.block_bytes);
}

// What Go writes: the values, the locations, the size of the blocks, each length in one byte. That
// they end where the sample does shows that all is as it seemed.
[[gnu::always_inline]] inline bool SampleReader::FindGoFields(std::string_view part,
                                                              Fields& fields) const {
  constexpr std::ptrdiff_t kMostBytes = 512;  // three lengths of up to 127, and some
  const char* at = part.data();
  if (readable_ - at < kMostBytes) return false;
  const auto take = [&at](unsigned field, std::string_view& bytes) {
    const std::uint64_t word = LoadEight(at);
    if ((word & 0x80ffU) != (field << 3U | 2U)) return false;
    bytes = {at + 2, word >> 8U & 0x7fU};
    at += 2 + bytes.size();
    return true;
  };
  std::string_view label;
  if (!take(2, fields.values) || !take(1, fields.ids) || !take(3, label)) return false;
  if (at != part.data() + part.size()) return false;
  if ((LoadEight(label.data()) & 0xffffffU) != bytes_label_) return false;
  const std::uint64_t number = LoadEight(label.data() + 3);
  const std::uint64_t ends = VarintEnds(number);
  if (ends == 0 || label.size() != 4 + static_cast<unsigned>(std::countr_zero(ends)) / 8) {
    return false;
  }
  fields.block_bytes = static_cast<std::int64_t>(FirstVarint(number, ends));
  return true;
}

// What others write: a packed list of locations, a packed list of values, labels.
bool SampleReader::FindUsualFields(std::string_view part, Fields& fields) {
  fields = {};
  UsualFields reader(part, readable_);
  bool has_values = reader.Bytes(2, fields.values);
  reader.Bytes(1, fields.ids);
  if (!has_values) has_values = reader.Bytes(2, fields.values);
  for (std::string_view label; reader.Bytes(3, label);) {
    fields.block_bytes = std::max(fields.block_bytes, ReadBlockBytes(label));
  }
  return reader.AtEnd() && has_values;
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

// Eight bytes can be loaded wherever a value begins.
[[gnu::always_inline]] inline void SampleReader::ReadValues(std::string_view packed,
                                                            std::int64_t* to) const {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  if (!packed.empty() && !EndsVarint(packed.back())) {
    Throw("a list of values that ends within a number");
  }
  std::size_t count = 0;
  for (; at != end && count < width_; ++count) {
    to[count] = static_cast<std::int64_t>(ReadWholeVarint(at));
  }
  for (; at != end; ++count) ReadWholeVarint(at);
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
  if (key < 0x80) bytes_label_ = 0x180008U | key << 8U;
  return static_cast<std::int64_t>(number);
}

}  // namespace heapwatch
