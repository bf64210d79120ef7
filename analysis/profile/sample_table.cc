#include "analysis/profile/sample_table.h"

#include <algorithm>

#include "analysis/profile/stack_hash.h"

namespace heapwatch {

void SampleTable::Reset(std::size_t most_samples, HeapProfile& profile) {
  profile_ = &profile;
  most_samples_ = most_samples;
  stacks_.Reset(most_samples);
  rows_.Reset(most_samples / 8);
  rows_used_ = 0;
  row_count_ = read_count_ = added_count_ = 0;
  width_ = profile.sample_types.size();
  // What is left of an earlier profile is overwritten.
  profile.samples.resize(std::min({profile.samples.size(), most_samples,
                                   width_ == 0 ? most_samples : profile.values.size() / width_}));
  profile.samples.reserve(most_samples);
  profile.values.reserve(most_samples * width_);
  profile.stack_hashes.reserve(most_samples);
  profile.stack_hashes.resize(profile.samples.size());
}

// Step by step, so that no memory is touched long before it is wanted.
void SampleTable::MakeRoom() {
  constexpr std::size_t kStep = 1U << 12U;
  const std::size_t size = std::min(most_samples_, read_count_ + kStep);
  profile_->samples.resize(size);
  profile_->values.resize(size * width_);
  profile_->stack_hashes.resize(size);
}

void SampleTable::Finish() {
  AddPending();
  profile_->samples.resize(row_count_);
  profile_->values.resize(row_count_ * width_);
  profile_->stack_hashes.resize(profile_->stacks.size());
}

void SampleTable::AddPending() {
  ContentHash* const hashes = profile_->stack_hashes.data();
  const Sample* const samples = profile_->samples.data();
  for (; added_count_ < read_count_; ++added_count_) {
    const Pending& pending = pending_[added_count_ % kMostPending];
    const std::int64_t* const values = profile_->values.data() + added_count_ * width_;
    std::uint32_t& first_row = stacks_.Find(pending.hash.low, [&](std::uint32_t row) {
      return hashes[samples[row].stack.index()] == pending.hash;
    });
    if (first_row != IndexTable::kEmpty) {
      AddToStack(first_row, pending.block_bytes, values);
      continue;
    }
    first_row = static_cast<std::uint32_t>(row_count_);
    const StackId stack = profile_->stacks.AddAt(pending.leaf);
    hashes[stack.index()] = pending.hash;
    AddRow(stack, pending.block_bytes, values);
  }
}

void SampleTable::AddRow(StackId stack, std::int64_t block_bytes, const std::int64_t* values) {
  profile_->samples[row_count_] = {.stack = stack, .block_bytes = block_bytes};
  std::int64_t* const to = profile_->values.data() + row_count_ * width_;
  for (std::size_t i = 0; i < width_; ++i) to[i] = values[i];
  ++row_count_;
}

// A stack that is known: perhaps with another size of blocks, or the same once more.
void SampleTable::AddToStack(std::uint32_t first_row, std::int64_t block_bytes,
                             const std::int64_t* values) {
  const Sample& first = profile_->samples[first_row];
  std::uint32_t row = first_row;
  if (first.block_bytes != block_bytes) {
    std::uint32_t& slot = FindRow(first.stack, block_bytes);
    if (slot == IndexTable::kEmpty) {
      slot = static_cast<std::uint32_t>(row_count_);
      AddRow(first.stack, block_bytes, values);
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

std::uint32_t& SampleTable::FindRow(StackId stack, std::int64_t block_bytes) {
  // Both factors must show in the low bits as well as in the high ones.
  const ContentHash mixed =
      ExtendStack(profile_->stack_hashes[stack.index()],
                  {.high = static_cast<std::uint64_t>(block_bytes), .low = stack.value()});
  return rows_.Find(mixed.low ^ mixed.high, [&](std::uint32_t index) {
    const Sample& sample = profile_->samples[index];
    return sample.stack == stack && sample.block_bytes == block_bytes;
  });
}

void SampleTable::GrowRows() {
  rows_.Reset(rows_used_ * 2);
  std::size_t stacks = 0;  // numbered by their first rows
  for (std::size_t row = 0; row < row_count_; ++row) {
    const Sample& sample = profile_->samples[row];
    if (sample.stack.index() == stacks) {
      ++stacks;
    } else {
      FindRow(sample.stack, sample.block_bytes) = static_cast<std::uint32_t>(row);
    }
  }
}

}  // namespace heapwatch
