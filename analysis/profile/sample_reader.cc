#include "analysis/profile/sample_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "analysis/profile/pprof_fields.h"
#include "analysis/profile/stack_hash.h"

namespace heapwatch {
namespace {

constexpr char kLocations = 0x0a;
constexpr char kValues = 0x12;
constexpr char kLabel = 0x1a;

constexpr std::size_t kTellEveryBytes = 1U << 20;

bool EndsVarint(char byte) { return static_cast<signed char>(byte) >= 0; }

// The last of eight bytes is the most significant.
std::uint64_t LoadEight(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// How many of the bytes of a word end a varint, that is have no high bit.
std::size_t CountVarintEnds(std::uint64_t word) {
  const std::uint64_t ends = (~word >> 7U) & 0x0101010101010101U;
  return ends * 0x0101010101010101U >> 56U;
}

struct CommonEnd {
  std::size_t bytes = 0;
  std::size_t varints = 0;  // that end within them
};

CommonEnd FindCommonEnd(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  CommonEnd common;
  while (common.bytes + 8 <= most) {
    const std::uint64_t x = LoadEight(a.data() + a.size() - common.bytes - 8);
    const std::uint64_t y = LoadEight(b.data() + b.size() - common.bytes - 8);
    if (x != y) {
      const auto same_bits = static_cast<unsigned>(std::countl_zero(x ^ y)) & ~7U;
      common.bytes += same_bits / 8;
      if (same_bits > 0) common.varints += CountVarintEnds(x | ~std::uint64_t{0} >> same_bits);
      return common;
    }
    common.bytes += 8;
    common.varints += CountVarintEnds(x);
  }
  while (common.bytes < most && a[a.size() - common.bytes - 1] == b[b.size() - common.bytes - 1]) {
    ++common.bytes;
    if (EndsVarint(a[a.size() - common.bytes])) ++common.varints;
  }
  return common;
}

bool BeginsVarint(std::string_view bytes, std::size_t from_end) {
  return from_end == bytes.size() || EndsVarint(bytes[bytes.size() - from_end - 1]);
}

}  // namespace

void SampleReader::Read(const Source& source, const std::vector<std::string_view>& texts,
                        const IdTable& location_ids, std::size_t stack_depth,
                        HeapProfile& profile) {
  profile_ = &profile;
  location_ids_ = &location_ids;
  texts_ = &texts;
  stack_depth_ = stack_depth;
  HashLocations(profile, location_hashes_);
  Reset(source);
  ReadAll(source);
  while (added_count_ < read_count_) AddOldest();
  profile.samples.resize(row_count_);
  profile.values.resize(row_count_ * width_);
}

void SampleReader::Reset(const Source& source) {
  const std::size_t count = source.sample_count;
  part_ = {};
  bytes_key_ = 0;
  path_hashes_.resize(stack_depth_);
  path_.resize(stack_depth_);
  pieces_.clear();
  KeepFrames(0);
  path_bytes_ = {};
  first_row_.clear();
  first_row_.reserve(count);
  stacks_.Reset(count);
  rows_.Reset(count / 8);
  rows_used_ = 0;
  row_count_ = read_count_ = added_count_ = 0;
  width_ = profile_->sample_types.size();
  // What is left of an earlier profile is overwritten.
  profile_->samples.resize(std::min(
      {profile_->samples.size(), count, width_ == 0 ? count : profile_->values.size() / width_}));
  profile_->samples.reserve(count);
  profile_->values.reserve(count * width_);
  profile_->stack_hashes.reserve(count);
  profile_->stacks.Reserve(count, source.fields.size() / 4);
}

// Step by step, so that no memory is touched before it is wanted.
void SampleReader::MakeRoom(std::size_t sample_count) {
  constexpr std::size_t kStep = 1U << 15;
  const std::size_t size = std::min(sample_count, read_count_ + kStep);
  profile_->samples.resize(size);
  profile_->values.resize(size * width_);
}

void SampleReader::ReadAll(const Source& source) {
  constexpr std::uint64_t kSample = 2;
  FieldReader reader(source.fields);
  const char* told = source.fields.data();
  for (std::size_t left = source.sample_count; left > 0;) {
    reader.Next();
    if (reader.number() != kSample) continue;
    part_ = reader.Bytes();
    if (read_count_ == profile_->samples.size()) MakeRoom(source.sample_count);
    ReadSample(part_);
    --left;
    if (part_.data() - told > static_cast<std::ptrdiff_t>(kTellEveryBytes) && source.is_read) {
      // The bytes of this sample are still looked at for the next one.
      told = part_.data();
      source.is_read(told);
    }
  }
}

// The usual layout, by hand: a packed list of locations, a packed list of values, labels. All else
// goes the slow way.
void SampleReader::ReadSample(std::string_view part) {
  const char* at = part.data();
  const char* const end = at + part.size();
  const auto take = [&]() -> std::string_view {
    ++at;
    const std::uint64_t size = ReadVarint(at, end);
    if (size > static_cast<std::uint64_t>(end - at)) {
      Throw("a field that is longer than its sample");
    }
    const std::string_view field(at, size);
    at += size;
    return field;
  };
  std::string_view ids;
  std::string_view values;
  // Go writes the values first, others last.
  if (at != end && *at == kValues) values = take();
  if (at != end && *at == kLocations) ids = take();
  if (at != end && *at == kValues && values.data() == nullptr) values = take();
  std::int64_t block_bytes = 0;
  while (at != end && *at == kLabel) block_bytes = std::max(block_bytes, ReadBlockBytes(take()));
  if (at != end || values.data() == nullptr) return ReadUnusual(part);
  ReadPath(ids);
  ReadValues(values);
  AddPending(block_bytes);
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
  std::copy(values_.begin(), values_.end(), profile_->values.data() + read_count_ * width_);
  KeepFrames(0);
  path_bytes_ = {};
  for (std::size_t i = ids_.size(); i-- > 0;) PushFrame(ids_[i]);
  PlacePath();
  AddPending(block_bytes);
}

void SampleReader::NoSuchLocation(std::uint64_t id) const {
  Throw("a sample at location " + std::to_string(id) + ", which is not there");
}

void SampleReader::WrongValueCount(std::size_t count) const {
  Throw("a sample with " + std::to_string(count) + " values against " + std::to_string(width_) +
        " sample types");
}

void SampleReader::PushFrame(std::uint64_t id) {
  std::uint32_t index = 0;
  if (!location_ids_->Find(id, index)) NoSuchLocation(id);
  if (depth_ == stack_depth_) ThrowLimit("frames in a stack", stack_depth_);
  hash_ = ExtendStack(hash_, location_hashes_[index]);
  path_hashes_[depth_] = hash_;
  path_[depth_++] = LocationId(index);
}

// Goes back to the first `frames` frames of the stack read last, from its root.
void SampleReader::KeepFrames(std::size_t frames) {
  depth_ = kept_ = frames;
  hash_ = frames == 0 ? kEmptyStackHash : path_hashes_[frames - 1];
}

// From the root, that is from the end: a varint ends with the only one of its bytes that has no
// high bit.
void SampleReader::ReadPath(std::string_view ids) {
  if (!ids.empty() && !EndsVarint(ids.back())) {
    Throw("a list of locations that ends within a number");
  }
  CommonEnd common = FindCommonEnd(ids, path_bytes_);
  // The first of the numbers in common may have begun before.
  if (common.bytes > 0 &&
      !(BeginsVarint(ids, common.bytes) && BeginsVarint(path_bytes_, common.bytes))) {
    while (!EndsVarint(ids[ids.size() - common.bytes])) --common.bytes;
    --common.bytes;
    --common.varints;
  }
  KeepFrames(common.varints);
  // Each byte may be a frame.
  const std::size_t left = ids.size() - common.bytes;
  if (depth_ + left > stack_depth_) return ReadPathSlowly(ids.substr(0, left), ids);
  // Locals, so that they stay in registers: this is the innermost loop of all. What stands before
  // the list is its length, which ends a varint: the search for the first byte of a number stops
  // there at the latest.
  const std::uint64_t in_order = location_ids_->in_order();
  std::size_t depth = depth_;
  ContentHash hash = hash_;
  LocationId* const path = path_.data();
  ContentHash* const path_hashes = path_hashes_.data();
  const ContentHash* const hashes = location_hashes_.data();
  for (const char* at = ids.data() + left; at != ids.data();) {
    std::uint64_t id = static_cast<std::uint8_t>(*--at);
    if (!EndsVarint(at[-1])) {
      id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
      if (!EndsVarint(at[-1])) {
        id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
        if (!EndsVarint(at[-1])) return ReadPathSlowly(ids.substr(0, left), ids);
      }
    }
    const std::uint64_t index = id - 1;
    if (index >= in_order) return ReadPathSlowly(ids.substr(0, left), ids);
    hash = ExtendStack(hash, hashes[index]);
    path_hashes[depth] = hash;
    path[depth++] = LocationId(index);
  }
  depth_ = depth;
  hash_ = hash;
  path_bytes_ = ids;
  PlacePath();
}

// `rest` is what of a list of locations comes on top of the frames that are kept.
void SampleReader::ReadPathSlowly(std::string_view rest, std::string_view ids) {
  while (!rest.empty()) {
    std::size_t size = 1;
    while (size < rest.size() && !EndsVarint(rest[rest.size() - size - 1])) ++size;
    const char* at = rest.data() + rest.size() - size;
    PushFrame(ReadVarint(at, rest.data() + rest.size()));
    rest.remove_suffix(size);
  }
  path_bytes_ = ids;
  PlacePath();
}

void SampleReader::ReadValues(std::string_view packed) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  std::int64_t* const to = profile_->values.data() + read_count_ * width_;
  std::size_t count = 0;
  for (; at != end && count < width_; ++count) {
    to[count] = static_cast<std::int64_t>(ReadVarint(at, end));
  }
  for (; at != end; ++count) ReadVarint(at, end);
  if (count != width_) WrongValueCount(count);
}

// Go tells the size of the objects in the numeric label `bytes`. 0: another label.
std::int64_t SampleReader::ReadBlockBytes(std::string_view label) {
  constexpr char kKey = 0x08;
  constexpr char kNumber = 0x18;
  const char* at = label.data();
  const char* const end = at + label.size();
  if (at == end || *at != kKey) return ReadUnknownLabel(label);
  const std::uint64_t key = ReadVarint(++at, end);
  if (key != bytes_key_ || key == 0 || at == end || *at != kNumber) return ReadUnknownLabel(label);
  const std::uint64_t number = ReadVarint(++at, end);
  return at == end ? static_cast<std::int64_t>(number) : ReadUnknownLabel(label);
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
  if (key >= texts_->size()) {
    Throw("string " + std::to_string(key) + " of " + std::to_string(texts_->size()));
  }
  if ((*texts_)[key] != "bytes") return 0;
  bytes_key_ = key;
  return static_cast<std::int64_t>(number);
}

// Puts down the frames that the stack read last does not share with the one before. Where the stack
// turns out to be known they stay unused, or serve as callers of those that follow.
void SampleReader::PlacePath() {
  while (!pieces_.empty() && pieces_.back().begin >= kept_) pieces_.pop_back();
  if (kept_ == depth_) return;
  if (profile_->stacks.word_count() + depth_ + 1 >= StackList::kNoCallers) {
    ThrowLimit("frames in all stacks", StackList::kNoCallers);
  }
  const StackList::Place callers = PlaceOf(kept_);
  profile_->stacks.Extend(callers, std::span(path_).subspan(kept_, depth_ - kept_));
  const auto own = static_cast<StackList::Place>(depth_ - kept_);
  pieces_.push_back({.begin = kept_, .place = profile_->stacks.last_place() + 1 - own});
}

// Of the outermost `frames` frames of the path the innermost one.
StackList::Place SampleReader::PlaceOf(std::size_t frames) const {
  if (frames == 0) return StackList::kNoCallers;
  const Piece& piece = pieces_.back();
  return piece.place + static_cast<StackList::Place>(frames - 1 - piece.begin);
}

void SampleReader::AddPending(std::int64_t block_bytes) {
  stacks_.Prefetch(hash_.low);
  pending_[read_count_ % kMostPending] = {
      .hash = hash_, .leaf = PlaceOf(depth_), .block_bytes = block_bytes};
  ++read_count_;
  if (read_count_ - added_count_ == kMostPending) AddOldest();
}

void SampleReader::AddOldest() {
  const Pending& pending = pending_[added_count_ % kMostPending];
  const std::int64_t* const values = profile_->values.data() + added_count_ * width_;
  ++added_count_;
  std::uint32_t& slot = stacks_.Find(pending.hash.low, [&](std::uint32_t index) {
    return profile_->stack_hashes[index] == pending.hash;
  });
  if (slot != IndexTable::kEmpty) return AddToStack(StackId(slot), pending.block_bytes, values);
  const StackId stack = profile_->stacks.AddAt(pending.leaf);
  slot = stack.value();
  profile_->stack_hashes.push_back(pending.hash);
  first_row_.push_back(static_cast<std::uint32_t>(row_count_));
  AddRow(stack, pending.block_bytes, values);
}

void SampleReader::AddRow(StackId stack, std::int64_t block_bytes, const std::int64_t* values) {
  profile_->samples[row_count_] = {.stack = stack, .block_bytes = block_bytes};
  std::int64_t* const to = profile_->values.data() + row_count_ * width_;
  for (std::size_t i = 0; i < width_; ++i) to[i] = values[i];
  ++row_count_;
}

// A stack that is known: perhaps with another size of blocks, or the same once more.
void SampleReader::AddToStack(StackId stack, std::int64_t block_bytes, const std::int64_t* values) {
  std::uint32_t row = first_row_[stack.index()];
  if (profile_->samples[row].block_bytes != block_bytes) {
    std::uint32_t& slot = FindRow(stack, block_bytes);
    if (slot == IndexTable::kEmpty) {
      slot = static_cast<std::uint32_t>(row_count_);
      AddRow(stack, block_bytes, values);
      if (++rows_used_ >= rows_.most()) GrowRows();
      return;
    }
    row = slot;
  }
  // Unsigned, since sums of what a peer sent may overflow.
  std::int64_t* const sums = profile_->values.data() + row * width_;
  for (std::size_t i = 0; i < width_; ++i) {
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) +
                                        static_cast<std::uint64_t>(values[i]));
  }
}

std::uint32_t& SampleReader::FindRow(StackId stack, std::int64_t block_bytes) {
  // Both factors must show in the low bits as well as in the high ones.
  const ContentHash mixed =
      ExtendStack(profile_->stack_hashes[stack.index()],
                  {.high = static_cast<std::uint64_t>(block_bytes), .low = stack.value()});
  return rows_.Find(mixed.low ^ mixed.high, [&](std::uint32_t index) {
    const Sample& sample = profile_->samples[index];
    return sample.stack == stack && sample.block_bytes == block_bytes;
  });
}

void SampleReader::GrowRows() {
  rows_.Reset(rows_used_ * 2);
  for (std::size_t row = 0; row < row_count_; ++row) {
    const Sample& sample = profile_->samples[row];
    if (first_row_[sample.stack.index()] == row) continue;
    FindRow(sample.stack, sample.block_bytes) = static_cast<std::uint32_t>(row);
  }
}

}  // namespace heapwatch
