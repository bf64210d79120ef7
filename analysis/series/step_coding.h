// One column of a block: its values as steps from one snapshot to the next, from 0, as varints. A
// step is its zigzag code times two; a run of n snapshots without one is 2 (n - 1) + 1; a step that
// would lose its top bit by doubling is told as 0 and the value in full.
//
//   5 5 5 7   ->   20 3 8      +5, two snapshots without a step, +2
//
// watcher/store/FORMAT.md describes the bytes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "analysis/series/byte_io.h"

namespace heapwatch {

void WriteSteps(std::span<const std::int64_t> values, ByteWriter& out);

// Calls `use(begin, length, value)` with one stretch of snapshots after the other, each of one
// value, until all `width` are told. False where the bytes make no sense, or as soon as `use` says
// so.
template <class Use>
bool ForEachStretch(ByteReader& in, std::size_t width, const Use& use) {
  ByteReader reader = in;  // which the compiler keeps in registers
  std::int64_t value = 0;
  for (std::size_t at = 0; at < width;) {
    const std::uint64_t code = reader.Varint();
    // A step and a run take the same way, as nobody could guess which is next.
    const std::uint64_t is_run = code & 1;
    const std::uint64_t number = code >> 1;
    const std::uint64_t step = ((number >> 1) ^ (~(number & 1) + 1)) & (is_run - 1);
    const std::uint64_t length = 1 + (number & (~is_run + 1));
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + step);
    if (code == 0) value = static_cast<std::int64_t>(reader.Fixed64());
    if (length > width - at || !use(at, length, value)) return false;
    at += length;
  }
  in = reader;
  return in.ok();
}

// Most stretches are short, of a length that nobody could guess: they are written in one go, and
// what comes after is written over.
inline void FillStretch(std::span<std::int64_t> values, std::size_t begin, std::size_t count,
                        std::int64_t value) {
  constexpr std::size_t kAtOnce = 4;
  std::int64_t* const at = values.data() + begin;
  if (values.size() - begin >= kAtOnce) {
    for (std::size_t i = 0; i < kAtOnce; ++i) at[i] = value;
    if (count <= kAtOnce) return;
  }
  for (std::size_t i = 0; i < count; ++i) at[i] = value;
}

// All values, one after the other. False where the bytes make no sense.
bool ReadSteps(ByteReader& in, std::span<std::int64_t> values);
// The value at one snapshot of `width`; goes through all of them.
bool ReadStepsAt(ByteReader& in, std::size_t width, std::size_t snapshot, std::int64_t& value);

}  // namespace heapwatch
