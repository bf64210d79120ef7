// Call stacks that share their callers.
//
// In a profile of 600,000 stacks, each 35 frames deep, one stack differs from the next in its last
// few frames only. So a stack is a link to the place in another stack where its callers stand, and
// its own frames, the leaf last:
//
//   f <- g <- main           words: LINK(none) main g f      leaf of stack 0 at 3
//   h <- g <- main                  LINK(2) h                leaf of stack 1 at 5
//
// Plain data: any number of threads may read one list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "analysis/base/large_memory.h"
#include "analysis/base/strong_id.h"

namespace heapwatch {

using LocationId = StrongId<struct LocationTag>;
using StackId = StrongId<struct StackTag>;

class StackList {
 public:
  // Where a frame stands: what other stacks may go on from.
  using Place = std::uint32_t;
  static constexpr Place kNoCallers = 0x7fffffff;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = LocationId;
    using difference_type = std::ptrdiff_t;
    using pointer = const LocationId*;
    using reference = LocationId;

    Iterator() = default;
    Iterator(const LocationId* words, Place at) : words_(words), at_(at) {}
    LocationId operator*() const { return words_[at_]; }
    Iterator& operator++() {
      const std::uint32_t next = words_[--at_].value();
      if ((next & kLink) != 0) at_ = next & ~kLink;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const LocationId* words_ = nullptr;
    Place at_ = kNoCallers;
  };

  // The locations of one stack, leaf first.
  class Stack {
   public:
    Stack(const LocationId* words, Place leaf) : words_(words), leaf_(leaf) {}
    Iterator begin() const { return {words_, leaf_}; }
    static Iterator end() { return {}; }
    bool empty() const { return leaf_ == kNoCallers; }
    LocationId front() const { return *begin(); }
    // Both walk the stack.
    std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }
    LocationId operator[](std::size_t depth) const {
      return *std::next(begin(), static_cast<std::ptrdiff_t>(depth));
    }

   private:
    const LocationId* words_;
    Place leaf_;
  };

  std::size_t size() const { return leaves_.size(); }
  Stack operator[](StackId id) const { return {words_.data(), leaves_[id.index()]}; }

  // `frames` go leaf first.
  StackId Add(std::span<const LocationId> frames) {
    if (frames.empty()) return AddAt(kNoCallers);
    std::copy(frames.rbegin(), frames.rend(), Room(frames.size()));
    return AddAt(Extend(kNoCallers, frames.size()));
  }

  // For whoever knows what a stack has in common with another: room for so many frames, outermost
  // first, to be written and then put down by Extend. The first of them will stand at next_place(),
  // the others right behind it.
  LocationId* Room(std::size_t frames) {
    if (words_.size() < word_count_ + 1 + frames) MakeRoom(frames);
    return words_.data() + word_count_ + 1;
  }
  Place next_place() const { return static_cast<Place>(word_count_ + 1); }
  // As many frames as have been written, called from what stands at `callers`; one at least.
  // Returns where the last of them stands.
  Place Extend(Place callers, std::size_t frames) {
    words_[word_count_] = LocationId(kLink | callers);
    word_count_ += 1 + frames;
    return static_cast<Place>(word_count_ - 1);
  }
  StackId AddAt(Place leaf) {
    leaves_.push_back(leaf);
    return StackId(leaves_.size() - 1);
  }

  // Frames and links: at most kNoCallers.
  std::size_t word_count() const { return word_count_; }
  void Reserve(std::size_t stacks, std::size_t words) {
    leaves_.reserve(stacks);
    words_.reserve(words);
  }
  void Clear() {
    word_count_ = 0;  // the words will be overwritten
    leaves_.clear();
  }

 private:
  static constexpr std::uint32_t kLink = 0x80000000;

  // Step by step, so that no memory is touched long before it is wanted.
  void MakeRoom(std::size_t frames) {
    constexpr std::size_t kStep = 1U << 10U;
    words_.resize(word_count_ + 1 + std::max(frames, kStep));
  }

  LargeVector<LocationId> words_;  // and links, told by their highest bit; then room for more
  std::size_t word_count_ = 0;
  LargeVector<Place> leaves_;
};

}  // namespace heapwatch
