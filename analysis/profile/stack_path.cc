#include "analysis/profile/stack_path.h"

#include <algorithm>
#include <bit>
#include <string>

#include "analysis/profile/pprof_fields.h"
#include "analysis/profile/stack_hash.h"
#include "analysis/profile/varint.h"

namespace heapwatch {
namespace {

std::size_t CountVarintEnds(std::uint64_t word) {
  return (VarintEnds(word) >> 7U) * 0x0101010101010101U >> 56U;
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

[[noreturn, gnu::cold, gnu::noinline]] void NoSuchLocation(std::uint64_t id) {
  Throw("a sample at location " + std::to_string(id) + ", which is not there");
}

}  // namespace

void StackPath::Reset(const IdTable& location_ids, std::size_t stack_depth, HeapProfile& profile) {
  location_ids_ = &location_ids;
  stack_depth_ = stack_depth;
  stacks_ = &profile.stacks;
  HashLocations(profile, location_hashes_);
  hashes_.resize(std::min(hashes_.size(), stack_depth));
  locations_.resize(hashes_.size());
  pieces_.clear();
  KeepFrames(0);
  ids_ = {};
}

// Goes back to the first `frames` frames, from the root.
void StackPath::KeepFrames(std::size_t frames) {
  depth_ = kept_ = frames;
  // By halves, as they were written, perhaps just now.
  hash_.high = frames == 0 ? kEmptyStackHash.high : hashes_[frames - 1].high;
  hash_.low = frames == 0 ? kEmptyStackHash.low : hashes_[frames - 1].low;
}

// From the root, that is from the end: a varint ends with the only one of its bytes that has no
// high bit.
void StackPath::Read(std::string_view ids) {
  if (!ids.empty() && !EndsVarint(ids.back())) {
    Throw("a list of locations that ends within a number");
  }
  CommonEnd common = FindCommonEnd(ids, ids_);
  // The first of the numbers in common may have begun before.
  if (common.bytes > 0 && !(BeginsVarint(ids, common.bytes) && BeginsVarint(ids_, common.bytes))) {
    while (!EndsVarint(ids[ids.size() - common.bytes])) --common.bytes;
    --common.bytes;
    --common.varints;
  }
  KeepFrames(common.varints);
  const std::size_t left = ids.size() - common.bytes;
  const std::string_view rest = ids.substr(0, left);
  // Each byte may be a frame.
  if (depth_ + left > hashes_.size()) {
    if (depth_ + left > stack_depth_) return ReadSlowly(rest, ids);
    hashes_.resize(std::min(stack_depth_, 2 * (depth_ + left)));
    locations_.resize(hashes_.size());
  }
  // Locals, so that they stay in registers: this is the innermost loop of all. What stands before
  // the list is its length, which ends a varint: the search for the first byte of a number stops
  // there at the latest.
  const std::uint64_t in_order = location_ids_->in_order();
  LocationId* location = locations_.data() + depth_;
  ContentHash* to = hashes_.data() + depth_;
  const ContentHash* const location_hashes = location_hashes_.data();
  std::uint64_t high = hash_.high;
  std::uint64_t low = hash_.low;
  for (const char* at = ids.data() + left; at != ids.data();) {
    std::uint64_t id = static_cast<std::uint8_t>(*--at);
    if (!EndsVarint(at[-1])) {
      id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
      if (!EndsVarint(at[-1])) {
        id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
        if (!EndsVarint(at[-1])) return ReadSlowly(rest, ids);
      }
    }
    const std::uint64_t index = id - 1;
    if (index >= in_order) return ReadSlowly(rest, ids);
    ExtendStack(high, low, location_hashes[index]);
    *to++ = {.high = high, .low = low};
    *location++ = LocationId(index);
  }
  depth_ = static_cast<std::size_t>(location - locations_.data());
  hash_ = {.high = high, .low = low};
  ids_ = ids;
  PutDown();
}

void StackPath::Read(std::span<const std::uint64_t> ids) {
  KeepFrames(0);
  ids_ = {};
  for (std::size_t i = ids.size(); i-- > 0;) PushFrame(ids[i]);
  PutDown();
}

// `rest` is what of a list of locations comes on top of the frames that are kept.
void StackPath::ReadSlowly(std::string_view rest, std::string_view ids) {
  while (!rest.empty()) {
    std::size_t size = 1;
    while (size < rest.size() && !EndsVarint(rest[rest.size() - size - 1])) ++size;
    const char* at = rest.data() + rest.size() - size;
    PushFrame(ReadVarint(at, rest.data() + rest.size()));
    rest.remove_suffix(size);
  }
  ids_ = ids;
  PutDown();
}

void StackPath::PushFrame(std::uint64_t id) {
  std::uint32_t index = 0;
  if (!location_ids_->Find(id, index)) NoSuchLocation(id);
  if (depth_ == stack_depth_) ThrowLimit("frames in a stack", stack_depth_);
  if (depth_ == hashes_.size()) {
    hashes_.resize(std::min(stack_depth_, 2 * depth_ + 1));
    locations_.resize(hashes_.size());
  }
  hash_ = ExtendStack(hash_, location_hashes_[index]);
  hashes_[depth_] = hash_;
  locations_[depth_++] = LocationId(index);
}

// Puts down the frames that are not shared with the stack before. Where the stack turns out to be
// known they stay unused, or serve as callers of those that follow.
void StackPath::PutDown() {
  while (!pieces_.empty() && pieces_.back().begin >= kept_) pieces_.pop_back();
  if (kept_ == depth_) return;
  if (stacks_->word_count() + depth_ + 1 >= StackList::kNoCallers) {
    ThrowLimit("frames in all stacks", StackList::kNoCallers);
  }
  const StackList::Place callers = PlaceOf(kept_);
  stacks_->Extend(callers, std::span(locations_).subspan(kept_, depth_ - kept_));
  const auto own = static_cast<StackList::Place>(depth_ - kept_);
  pieces_.push_back({.begin = kept_, .place = stacks_->last_place() + 1 - own});
}

// Of the outermost `frames` frames the innermost one.
StackList::Place StackPath::PlaceOf(std::size_t frames) const {
  if (frames == 0) return StackList::kNoCallers;
  const Piece& piece = pieces_.back();
  return piece.place + static_cast<StackList::Place>(frames - 1 - piece.begin);
}

}  // namespace heapwatch
