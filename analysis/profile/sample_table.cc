#include "analysis/profile/sample_table.h"

#include <algorithm>

#include "analysis/profile/stack_hash.h"

namespace heapwatch {
namespace {

// Both factors must show in the low bits as well as in the high ones.
std::uint64_t HashRow(const ContentHash& stack, std::int64_t block_bytes) {
  const ContentHash mixed =
      ExtendStack(stack, {.high = static_cast<std::uint64_t>(block_bytes), .low = 0});
  return mixed.low ^ mixed.high;
}

}  // namespace

void SampleTable::Reset(std::size_t most_samples, HeapProfile& profile) {
  profile_ = &profile;
  most_samples_ = most_samples;
  stacks_.Reset(most_samples, most_samples);
  rows_.Reset(most_samples / 8, most_samples);
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

// What adding will look at, for a sample whose stack has most likely been seen before.
void SampleTable::PrefetchKnown(const Pending& pending) const {
  const auto row = stacks_.Guess(pending.hash.low);
  if (!row) return;
  __builtin_prefetch(&profile_->samples[*row]);
  rows_.Prefetch(HashRow(pending.hash, pending.block_bytes));
}

void SampleTable::AddPending() {
  for (std::size_t i = added_count_; i < read_count_; ++i) {
    PrefetchKnown(pending_[i % kMostPending]);
  }
  ContentHash* const hashes = profile_->stack_hashes.data();
  const Sample* const samples = profile_->samples.data();
  for (; added_count_ < read_count_; ++added_count_) {
    const Pending& pending = pending_[added_count_ % kMostPending];
    const std::int64_t* const values = profile_->values.data() + added_count_ * width_;
    const auto next_row = static_cast<std::uint32_t>(row_count_);
    const std::uint32_t first_row = stacks_.FindOrAdd(
        pending.hash.low, next_row,
        [&](std::uint32_t row) { return hashes[samples[row].stack.index()] == pending.hash; });
    if (first_row != next_row) {
      AddToStack(first_row, pending, values);
      continue;
    }
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
void SampleTable::AddToStack(std::uint32_t first_row, const Pending& pending,
                             const std::int64_t* values) {
  const Sample& first = profile_->samples[first_row];
  std::uint32_t row = first_row;
  if (first.block_bytes != pending.block_bytes) {
    const auto next_row = static_cast<std::uint32_t>(row_count_);
    row = FindOrAddRow(pending.hash, first.stack, pending.block_bytes, next_row);
    if (row == next_row) {
      AddRow(first.stack, pending.block_bytes, values);
      if (++rows_used_ >= rows_.most()) GrowRows();
      return;
    }
  }
  // Unsigned, since sums of what a peer sent may overflow.
  std::int64_t* const sums = profile_->values.data() + row * width_;
  for (std::size_t i = 0; i < width_; ++i) {
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) +
                                        static_cast<std::uint64_t>(values[i]));
  }
}

std::uint32_t SampleTable::FindOrAddRow(const ContentHash& hash, StackId stack,
                                        std::int64_t block_bytes, std::uint32_t added) {
  return rows_.FindOrAdd(HashRow(hash, block_bytes), added, [&](std::uint32_t index) {
    const Sample& sample = profile_->samples[index];
    return sample.stack == stack && sample.block_bytes == block_bytes;
  });
}

void SampleTable::GrowRows() {
  rows_.Reset(rows_used_ * 2, most_samples_);
  std::size_t stacks = 0;  // numbered by their first rows
  for (std::size_t row = 0; row < row_count_; ++row) {
    const Sample& sample = profile_->samples[row];
    if (sample.stack.index() == stacks) {
      ++stacks;
    } else {
      FindOrAddRow(profile_->stack_hashes[sample.stack.index()], sample.stack, sample.block_bytes,
                   static_cast<std::uint32_t>(row));
    }
  }
}

}  // namespace heapwatch
