// The samples of a profile as they are read, summed where stack and block size are the same.
//
// Used by sample_reader.h only; its memory is kept for the next profile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/id_table.h"

namespace heapwatch {

class SampleTable {
 public:
  // `profile` has its sample types; `most_samples` will be added at most.
  void Reset(std::size_t most_samples, HeapProfile& profile);

  // One value for each sample type: to be written before the sample is added.
  std::int64_t* NextValues() {
    if (read_count_ == profile_->samples.size()) MakeRoom();
    return profile_->values.data() + read_count_ * width_;
  }
  // The stack's frames stand in the profile already, the leaf at `leaf`.
  void Add(ContentHash stack, StackList::Place leaf, std::int64_t block_bytes) {
    stacks_.Prefetch(stack.low);
    pending_[read_count_ % kMostPending] = {
        .hash = stack, .leaf = leaf, .block_bytes = block_bytes};
    if (++read_count_ % kMostPending == 0) AddPending();
  }
  void Finish();

 private:
  // Samples whose stacks have not been looked up yet: until then their slots come from memory.
  struct Pending {
    ContentHash hash;
    StackList::Place leaf = StackList::kNoCallers;
    std::int64_t block_bytes = 0;
  };

  void MakeRoom();
  void AddPending();
  void PrefetchKnown(const Pending& pending) const;
  void AddToStack(std::uint32_t first_row, const Pending& pending, const std::int64_t* values);
  void AddRow(StackId stack, std::int64_t block_bytes, const std::int64_t* values);
  std::uint32_t FindOrAddRow(const ContentHash& hash, StackId stack, std::int64_t block_bytes,
                             std::uint32_t added);
  void GrowRows();

  HeapProfile* profile_ = nullptr;
  std::size_t most_samples_ = 0;

  static constexpr std::size_t kMostPending = 16;  // a power of two
  std::array<Pending, kMostPending> pending_;
  std::size_t read_count_ = 0;   // samples added
  std::size_t added_count_ = 0;  // and of these looked up

  std::size_t width_ = 0;      // values of one sample
  std::size_t row_count_ = 0;  // samples of the profile

  IndexTable stacks_;  // the first row of each stack
  IndexTable rows_;    // its others
  std::size_t rows_used_ = 0;
};

}  // namespace heapwatch
