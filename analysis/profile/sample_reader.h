// The hot part of decoding pprof: from the samples of a message to stacks and sums.
//
// Neighbouring stacks share most of their callers. So a stack is read from its root: what its bytes
// have in common with those of the sample before it, from the end, has been looked up and hashed
// already. All memory is kept for the next profile. Used by pprof_decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// From the ids in a message to indexes. Most writers number from 1 in order, which needs no table.
class IdTable {
 public:
  void Clear();
  bool Insert(std::uint64_t id, std::uint32_t index);  // false: id stood there before
  bool Find(std::uint64_t id, std::uint32_t& index) const {
    if (id - 1 < in_order_) {
      index = static_cast<std::uint32_t>(id - 1);
      return true;
    }
    return !others_.empty() && FindOther(id, index);
  }

 private:
  bool FindOther(std::uint64_t id, std::uint32_t& index) const;
  std::uint64_t in_order_ = 0;  // ids 1..n with indexes 0..n-1
  std::unordered_map<std::uint64_t, std::uint32_t> others_;
};

// Open addressing; holds indexes with a few bits of their hash, the caller compares the rest.
class IndexTable {
 public:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  struct Slot {
    std::uint32_t tag;
    std::uint32_t index;
  };

  void Reset(std::size_t most);
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
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

class SampleReader {
 public:
  // `profile` has its locations and sample types; the samples are added to it.
  void Read(const std::vector<std::string_view>& samples,
            const std::vector<std::string_view>& texts, const IdTable& location_ids,
            std::size_t stack_depth, HeapProfile& profile);

  // The sample being read, for the place in an error.
  std::string_view part() const { return part_; }

 private:
  void Reserve(const std::vector<std::string_view>& samples);
  void ReadSample(std::string_view part);
  void ReadUnusual(std::string_view part);
  void ReadPath(std::string_view ids);
  std::size_t SharedFrames(std::string_view ids) const;
  void KeepFrames(std::size_t frames);
  void PushFrame(std::uint64_t id);
  [[noreturn]] void NoSuchLocation(std::uint64_t id) const;
  void ReadValues(std::string_view packed);
  std::int64_t ReadBlockBytes(std::string_view label);
  void SetPending(std::int64_t block_bytes);
  void AddPending();
  StackId InternPending(bool& is_new);

  HeapProfile* profile_ = nullptr;
  const IdTable* location_ids_ = nullptr;
  const std::vector<std::string_view>* texts_ = nullptr;
  std::size_t stack_depth_ = 0;
  std::uint64_t bytes_key_ = 0;  // the string "bytes"; 0: not seen yet
  std::vector<ContentHash> location_hashes_;
  std::string_view part_;

  // The stack read last, root first: after frame i its hash, and how many of the field's bytes it
  // took from the end.
  struct Step {
    ContentHash hash;
    std::uint32_t location;
    std::uint32_t bytes;
  };
  std::vector<Step> path_;  // as long as a stack may be deep; the first depth_ count
  std::size_t depth_ = 0;
  ContentHash hash_;
  std::string_view path_bytes_;

  std::vector<std::int64_t> values_;
  std::vector<std::uint64_t> ids_;  // of an unusual sample

  // The sample before, whose stack has not been looked up yet.
  bool has_pending_ = false;
  ContentHash pending_hash_;
  std::int64_t pending_block_bytes_ = 0;
  std::vector<std::int64_t> pending_values_;

  std::vector<std::uint32_t> first_sample_;  // of each stack; its others are in rows_
  IndexTable stacks_;
  IndexTable rows_;
};

}  // namespace heapwatch
