// The tables of the pprof decoder: from ids to indexes, and from hashes to indexes. Their memory is
// kept from one profile to the next. Used by the pprof decoder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

// Open addressing; a slot is one word, an index with as many bits of its hash as have room above
// it. The caller compares the rest.
class IndexTable {
 public:
  // Empties it and makes room for so many entries; more make it slow, then endless. All indexes are
  // below `index_end`.
  void Reset(std::size_t most, std::size_t index_end);
  std::size_t most() const { return slots_.size() / 3 * 2; }
  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_], 1); }
  // The index that FindOrAdd looks at first, where its bits of the hash fit: mostly the right one.
  std::optional<std::uint32_t> Guess(std::uint64_t hash) const {
    const std::uint32_t slot = slots_[hash & mask_];
    if (slot == kEmpty || ((slot ^ Tag(hash)) & ~index_mask_) != 0) return std::nullopt;
    return slot & index_mask_;
  }
  // The index of the equal entry. Where there is none, `added` is put down and returned. `hash`
  // must be well mixed.
  template <class Equal>
  std::uint32_t FindOrAdd(std::uint64_t hash, std::uint32_t added, Equal equal) {
    const std::uint32_t tag = Tag(hash);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      std::uint32_t& slot = slots_[at];
      if (slot == kEmpty) {
        slot = tag | added;
        return added;
      }
      const std::uint32_t index = slot & index_mask_;
      if (((slot ^ tag) & ~index_mask_) == 0 && equal(index)) return index;
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;  // no index has all bits set
  std::uint32_t Tag(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> 32U) & ~index_mask_;
  }

  LargeVector<std::uint32_t> slots_;
  std::size_t mask_ = 0;
  std::uint32_t index_mask_ = 0;
};

}  // namespace heapwatch
