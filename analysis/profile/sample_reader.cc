#include "analysis/profile/sample_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "analysis/profile/pprof_fields.h"
#include "analysis/profile/stack_hash.h"

namespace heapwatch {
namespace {

bool EndsVarint(char byte) { return static_cast<signed char>(byte) >= 0; }

// How many bytes at their ends are the same.
std::size_t CommonEnd(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t common = 0;
  while (common + 8 <= most) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a.data() + a.size() - common - 8, 8);
    std::memcpy(&y, b.data() + b.size() - common - 8, 8);
    if (x != y) break;
    common += 8;
  }
  while (common < most && a[a.size() - common - 1] == b[b.size() - common - 1]) ++common;
  return common;
}

}  // namespace

void IdTable::Clear() {
  in_order_ = 0;
  others_.clear();
}

bool IdTable::Insert(std::uint64_t id, std::uint32_t index) {
  if (id == in_order_ + 1 && index == in_order_ && others_.empty()) {
    ++in_order_;
    return true;
  }
  std::uint32_t known = 0;
  return !Find(id, known) && others_.emplace(id, index).second;
}

bool IdTable::FindOther(std::uint64_t id, std::uint32_t& index) const {
  const auto found = others_.find(id);
  if (found == others_.end()) return false;
  index = found->second;
  return true;
}

void IndexTable::Reset(std::size_t most) {
  slots_.assign(std::bit_ceil(most + most / 2 + 2), Slot{.tag = 0, .index = kEmpty});
  mask_ = slots_.size() - 1;
}

void SampleReader::Read(const std::vector<std::string_view>& samples,
                        const std::vector<std::string_view>& texts, const IdTable& location_ids,
                        std::size_t stack_depth, HeapProfile& profile) {
  profile_ = &profile;
  location_ids_ = &location_ids;
  texts_ = &texts;
  stack_depth_ = stack_depth;
  bytes_key_ = 0;
  path_.resize(stack_depth);
  KeepFrames(0);
  path_bytes_ = {};
  first_sample_.clear();
  part_ = {};
  HashLocations(profile, location_hashes_);
  Reserve(samples);
  has_pending_ = false;
  for (const std::string_view part : samples) {
    part_ = part;
    ReadSample(part);
  }
  AddPending();
}

void SampleReader::Reserve(const std::vector<std::string_view>& samples) {
  stacks_.Reset(samples.size());
  rows_.Reset(samples.size());
  first_sample_.reserve(samples.size());
  // Each byte that ends a varint may be a frame: too many by the values and labels, but those pages
  // are never touched.
  std::size_t frames = 0;
  for (const std::string_view part : samples) frames += part.size();
  profile_->stack_locations.reserve(frames);
  profile_->stack_begin.reserve(samples.size() + 1);
  profile_->stack_hashes.reserve(samples.size());
  profile_->samples.reserve(samples.size());
  profile_->values.reserve(samples.size() * profile_->sample_types.size());
}

// The usual layout, by hand: a packed list of locations, a packed list of values, labels. All else
// goes the slow way.
void SampleReader::ReadSample(std::string_view part) {
  constexpr char kLocations = 0x0a;
  constexpr char kValues = 0x12;
  constexpr char kLabel = 0x1a;
  const char* at = part.data();
  const char* const end = at + part.size();
  std::string_view ids;
  std::int64_t block_bytes = 0;
  unsigned seen = 0;
  values_.clear();
  while (at != end) {
    const char key = *at++;
    if (key != kLocations && key != kValues && key != kLabel) return ReadUnusual(part);
    const std::uint64_t size = ReadVarint(at, end);
    if (size > static_cast<std::uint64_t>(end - at))
      Throw("a field that is longer than its sample");
    const std::string_view field(at, size);
    at += size;
    if (key == kLabel) {
      block_bytes = std::max(block_bytes, ReadBlockBytes(field));
      continue;
    }
    const unsigned bit = key == kLocations ? 1 : 2;
    if ((seen & bit) != 0) return ReadUnusual(part);
    seen |= bit;
    if (key == kLocations) {
      ids = field;
    } else {
      ReadValues(field);
    }
  }
  ReadPath(ids);
  SetPending(block_bytes);
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
  KeepFrames(0);
  path_bytes_ = {};
  for (std::size_t i = ids_.size(); i-- > 0;) PushFrame(ids_[i]);
  SetPending(block_bytes);
}

void SampleReader::NoSuchLocation(std::uint64_t id) const {
  Throw("a sample at location " + std::to_string(id) + ", which is not there");
}

void SampleReader::PushFrame(std::uint64_t id) {
  std::uint32_t index = 0;
  if (!location_ids_->Find(id, index)) NoSuchLocation(id);
  if (depth_ == stack_depth_) ThrowLimit("frames in a stack", stack_depth_);
  hash_ = ExtendStack(hash_, location_hashes_[index]);
  path_[depth_++] = {.hash = hash_, .location = index, .bytes = 0};
}

// Goes back to the first `frames` frames of the stack read last, from its root.
void SampleReader::KeepFrames(std::size_t frames) {
  depth_ = frames;
  hash_ = frames == 0 ? kEmptyStackHash : path_[frames - 1].hash;
}

// How many frames, from the root, are those of the sample before.
std::size_t SampleReader::SharedFrames(std::string_view ids) const {
  if (path_bytes_.empty()) return 0;  // the first sample, or one after an unusual one
  const std::size_t common = CommonEnd(ids, path_bytes_);
  std::size_t frames = depth_;
  while (frames > 0) {
    const std::size_t bytes = path_[frames - 1].bytes;
    // The frame's first byte must begin a number here, too.
    if (bytes <= common && (bytes == ids.size() || EndsVarint(ids[ids.size() - bytes - 1]))) break;
    --frames;
  }
  return frames;
}

// From the root, that is from the end: a varint ends with the only one of its bytes that has no
// high bit.
void SampleReader::ReadPath(std::string_view ids) {
  if (!ids.empty() && !EndsVarint(ids.back()))
    Throw("a list of locations that ends within a number");
  KeepFrames(SharedFrames(ids));
  // Locals, so that they stay in registers: this is the innermost loop of all.
  std::size_t depth = depth_;
  ContentHash hash = hash_;
  Step* const path = path_.data();
  const ContentHash* const hashes = location_hashes_.data();
  std::size_t left = ids.size() - (depth == 0 ? 0 : path[depth - 1].bytes);
  while (left > 0) {
    --left;
    std::uint64_t id = static_cast<std::uint8_t>(ids[left]);
    std::size_t size = 1;
    while (left > 0 && !EndsVarint(ids[left - 1])) {
      if (++size > 10) Throw("a location id of more than ten bytes");
      --left;
      id = id << 7U | (static_cast<std::uint8_t>(ids[left]) & 0x7fU);
    }
    std::uint32_t index = 0;
    if (!location_ids_->Find(id, index)) NoSuchLocation(id);
    if (depth == stack_depth_) ThrowLimit("frames in a stack", stack_depth_);
    hash = ExtendStack(hash, hashes[index]);
    path[depth++] = {
        .hash = hash, .location = index, .bytes = static_cast<std::uint32_t>(ids.size() - left)};
  }
  depth_ = depth;
  hash_ = hash;
  path_bytes_ = ids;
}

void SampleReader::ReadValues(std::string_view packed) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) values_.push_back(static_cast<std::int64_t>(ReadVarint(at, end)));
}

// Go tells the size of the objects in the numeric label `bytes`. 0: another label.
std::int64_t SampleReader::ReadBlockBytes(std::string_view label) {
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
  if (key != bytes_key_) {
    if (key >= texts_->size()) {
      Throw("string " + std::to_string(key) + " of " + std::to_string(texts_->size()));
    }
    if ((*texts_)[key] != "bytes") return 0;
    bytes_key_ = key;
  }
  return static_cast<std::int64_t>(number);
}

// A stack is looked up while the sample after it is read: by then its slot has come from memory.
// Its locations are put down at once, and taken back where it was known.
void SampleReader::SetPending(std::int64_t block_bytes) {
  if (values_.size() != profile_->sample_types.size()) {
    Throw("a sample with " + std::to_string(values_.size()) + " values against " +
          std::to_string(profile_->sample_types.size()) + " sample types");
  }
  AddPending();
  std::vector<LocationId>& all = profile_->stack_locations;
  all.resize(all.size() + depth_);
  LocationId* to = all.data() + all.size();
  for (std::size_t i = 0; i < depth_; ++i) *--to = LocationId(path_[i].location);
  pending_hash_ = hash_;
  pending_block_bytes_ = block_bytes;
  pending_values_.swap(values_);
  has_pending_ = true;
  stacks_.Prefetch(hash_.low);
}

StackId SampleReader::InternPending(bool& is_new) {
  std::uint32_t& slot = stacks_.Find(pending_hash_.low, [this](std::uint32_t index) {
    return profile_->stack_hashes[index] == pending_hash_;
  });
  is_new = slot == IndexTable::kEmpty;
  if (is_new) {
    slot = static_cast<std::uint32_t>(profile_->stack_hashes.size());
    profile_->stack_hashes.push_back(pending_hash_);
    profile_->stack_begin.push_back(static_cast<std::uint32_t>(profile_->stack_locations.size()));
  } else {
    profile_->stack_locations.resize(profile_->stack_begin.back());
  }
  return StackId(slot);
}

void SampleReader::AddPending() {
  if (!has_pending_) return;
  bool is_new = false;
  const StackId stack = InternPending(is_new);
  const std::int64_t block_bytes = pending_block_bytes_;
  const std::size_t width = pending_values_.size();
  const auto next = static_cast<std::uint32_t>(profile_->samples.size());
  std::uint32_t row = next;
  if (is_new) {
    first_sample_.push_back(next);
  } else if (profile_->samples[first_sample_[stack.index()]].block_bytes == block_bytes) {
    row = first_sample_[stack.index()];
  } else {
    // Both factors must show in the low bits as well as in the high ones.
    const ContentHash mixed =
        ExtendStack(profile_->stack_hashes[stack.index()],
                    {.high = static_cast<std::uint64_t>(block_bytes), .low = stack.value()});
    std::uint32_t& slot = rows_.Find(mixed.low ^ mixed.high, [&](std::uint32_t index) {
      const Sample& sample = profile_->samples[index];
      return sample.stack == stack && sample.block_bytes == block_bytes;
    });
    if (slot == IndexTable::kEmpty) slot = next;
    row = slot;
  }
  if (row == next) {
    profile_->samples.push_back({.stack = stack, .block_bytes = block_bytes});
    profile_->values.insert(profile_->values.end(), pending_values_.begin(), pending_values_.end());
    return;
  }
  // Unsigned, since sums of what a peer sent may overflow.
  std::int64_t* const sums = profile_->values.data() + row * width;
  for (std::size_t i = 0; i < width; ++i) {
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) +
                                        static_cast<std::uint64_t>(pending_values_[i]));
  }
}

}  // namespace heapwatch
