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

// False where the bytes make no sense.
bool ReadSteps(ByteReader& in, std::span<std::int64_t> values);
// The value at one snapshot of `width`; goes through all of them.
bool ReadStepsAt(ByteReader& in, std::size_t width, std::size_t snapshot, std::int64_t& value);

}  // namespace heapwatch
