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
  const auto add_same = [&common](std::uint64_t x, std::uint64_t y) {  // who differ
    const auto same_bits = static_cast<unsigned>(std::countl_zero(x ^ y)) & 56U;
    common.bytes += same_bits / 8;
    common.varints += CountVarintEnds(x | ~std::uint64_t{0} >> same_bits);
  };
  for (; common.bytes + 8 <= most; common.bytes += 8) {
    const std::uint64_t x = LoadEight(a.data() + a.size() - common.bytes - 8);
    const std::uint64_t y = LoadEight(b.data() + b.size() - common.bytes - 8);
    if (x != y) {
      add_same(x, y);
      return common;
    }
    common.varints += CountVarintEnds(x);
  }
  const std::size_t left = most - common.bytes;
  if (left == 0) return common;
  if (most >= 8) {
    // As many as are left, ahead of a bit that differs.
    const auto word = [&](std::string_view of) {
      return LoadEight(of.data() + of.size() - most) << 8 * (8 - left);
    };
    add_same(word(a), word(b) ^ std::uint64_t{1} << (63 - 8 * left));
    return common;
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
  frames_.resize(std::clamp<std::size_t>(frames_.size(), 1, stack_depth + 1));
  frames_[0] = {.hash = kEmptyStackHash, .place = StackList::kNoCallers};
  depth_ = 0;
  ids_ = {};
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
  depth_ = common.varints;
  ids_ = ids;
  const std::size_t left = ids.size() - common.bytes;
  // Each byte may be a frame.
  if (depth_ + left >= frames_.size()) {
    if (depth_ + left > stack_depth_) return ReadSlowly(ids.substr(0, left));
    MakeRoom(left);
  }
  // Locals, so that they stay in registers: this is the innermost loop of all. What stands before
  // the list is its length, which ends a varint: the search for the first byte of a number stops
  // there at the latest.
  const std::uint64_t in_order = location_ids_->in_order();
  const ContentHash* const location_hashes = location_hashes_.data();
  LocationId* location = stacks_->Room(left);
  const StackList::Place first = stacks_->next_place();
  StackList::Place place = first;
  Frame* frame = frames_.data() + depth_;
  // By halves, as they were written, perhaps just now.
  std::uint64_t high = frame->hash.high;
  std::uint64_t low = frame->hash.low;
  for (const char* at = ids.data() + left; at != ids.data();) {
    std::uint64_t id = static_cast<std::uint8_t>(*--at);
    if (!EndsVarint(at[-1])) {
      id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
      if (!EndsVarint(at[-1])) {
        id = id << 7U | (static_cast<std::uint8_t>(*--at) & 0x7fU);
        if (!EndsVarint(at[-1])) return ReadSlowly(ids.substr(0, left));
      }
    }
    const std::uint64_t index = id - 1;
    if (index >= in_order) return ReadSlowly(ids.substr(0, left));
    ExtendStack(high, low, location_hashes[index]);
    *++frame = {.hash = {.high = high, .low = low}, .place = place++};
    *location++ = LocationId(index);
  }
  PutDown(place - first);
}

void StackPath::Read(std::span<const std::uint64_t> ids) {
  depth_ = 0;
  ids_ = {};
  std::size_t own = 0;
  for (std::size_t i = ids.size(); i-- > 0;) PushFrame(ids[i], own++);
  PutDown(own);
}

// `rest` is what of a list of locations comes on top of the frames that are kept.
void StackPath::ReadSlowly(std::string_view rest) {
  std::size_t own = 0;
  while (!rest.empty()) {
    std::size_t size = 1;
    while (size < rest.size() && !EndsVarint(rest[rest.size() - size - 1])) ++size;
    const char* at = rest.data() + rest.size() - size;
    PushFrame(ReadVarint(at, rest.data() + rest.size()), own++);
    rest.remove_suffix(size);
  }
  PutDown(own);
}

// On top of `own` frames that have not been put down yet.
void StackPath::PushFrame(std::uint64_t id, std::size_t own) {
  std::uint32_t index = 0;
  if (!location_ids_->Find(id, index)) NoSuchLocation(id);
  if (depth_ + own == stack_depth_) ThrowLimit("frames in a stack", stack_depth_);
  if (depth_ + own + 1 == frames_.size()) MakeRoom(own + 1);
  const Frame& callers = frames_[depth_ + own];
  frames_[depth_ + own + 1] = {.hash = ExtendStack(callers.hash, location_hashes_[index]),
                               .place = static_cast<StackList::Place>(stacks_->next_place() + own)};
  stacks_->Room(own + 1)[own] = LocationId(index);
}

// For so many frames on top of those that are kept.
void StackPath::MakeRoom(std::size_t frames) {
  frames_.resize(1 + std::min(stack_depth_, 2 * (depth_ + frames)));
}

// Puts down the stack's own frames, those that it does not share with the stack before. Where it
// turns out to be known they stay unused, or serve as callers of those that follow.
void StackPath::PutDown(std::size_t own) {
  if (own == 0) return;
  if (stacks_->word_count() + own + 1 >= StackList::kNoCallers) {
    ThrowLimit("frames in all stacks", StackList::kNoCallers);
  }
  stacks_->Extend(frames_[depth_].place, own);
  depth_ += own;
}

}  // namespace heapwatch
