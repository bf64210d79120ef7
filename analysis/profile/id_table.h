// The tables of the pprof decoder: from ids to indexes, and from hashes to indexes. Their memory is
// kept from one profile to the next. Used by the pprof decoder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "analysis/base/large_memory.h"
#include "analysis/profile/seeded_hash.h"

namespace heapwatch {

// From the ids in a message to indexes. Most writers number from 1 in order, which needs no table.
class IdTable {
 public:
  void Clear();
  // False: the id stood there before.
  bool Insert(std::uint64_t id, std::uint32_t index) {
    if (id != in_order_ + 1 || index != in_order_ || !others_.empty()) {
      return InsertOther(id, index);
    }
    ++in_order_;
    return true;
  }
  bool Find(std::uint64_t id, std::uint32_t& index) const {
    if (id - 1 < in_order_) {
      index = static_cast<std::uint32_t>(id - 1);
      return true;
    }
    return !others_.empty() && FindOther(id, index);
  }
  std::uint64_t in_order() const { return in_order_; }

 private:
  bool InsertOther(std::uint64_t id, std::uint32_t index);
  bool FindOther(std::uint64_t id, std::uint32_t& index) const;
  std::uint64_t in_order_ = 0;  // ids 1..n with indexes 0..n-1
  std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> others_;
};

// Open addressing; holds indexes with a few bits of their hash, the caller compares the rest.
class IndexTable {
 public:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  struct Slot {
    std::uint32_t tag;
    std::uint32_t index;
  };

  // Empties it and makes room for so many entries; more make it slow, then endless.
  void Reset(std::size_t most);
  std::size_t most() const { return slots_.size() / 3 * 2; }
  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_], 1); }
  // The slot of the equal entry, or an empty one that the caller fills. `hash` must be well mixed.
  template <class Equal>
  std::uint32_t& Find(std::uint64_t hash, Equal equal) {
    const auto tag = static_cast<std::uint32_t>(hash >> 32U);
    std::size_t at = hash & mask_;
    while (slots_[at].index != kEmpty && !(slots_[at].tag == tag && equal(slots_[at].index))) {
      at = (at + 1) & mask_;
    }
    slots_[at].tag = tag;
    return slots_[at].index;
  }

 private:
  LargeVector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace heapwatch
