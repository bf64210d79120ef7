// The sampling variance of a difference, for the blocks of one size born in one stack.
//
// A block of s bytes is sampled with p = 1 - exp(-s / R), and stays sampled until it is freed; each
// sampled block stands for 1 / p blocks. With n sampled blocks whose presence differs between the
// two sides, the variance of the difference is
//   V = (s / p)^2 (1 - p) n bytes^2, or (1 / p)^2 (1 - p) n blocks^2.
// In one process n counts only births and deaths between the two moments: born = growth of alloc,
// died = born - growth of inuse, n = min(born, n_after) + min(died, n_before). Without alloc, or
// with different processes, n = n_before + n_after. Where the block size is unknown, R * value
// bounds the variance of a level in bytes from above.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// The four quantities of one (stack, block size) on one side; absent where the profile lacks the
// quantity, zero where the profile has it and the stack is not in it.
using Levels = std::array<std::optional<std::int64_t>, kQuantityCount>;

// Whether the alloc counters of the two sides belong to one life of one process, and which side
// came first.
enum class AllocOrder { kNone, kForward, kBackward };

struct NoiseInput {
  Quantity quantity = Quantity::kInuseSpace;
  std::int64_t block_bytes = 0;  // 0: unknown, the mean size is taken
  Levels before;
  Levels after;
  double before_period_bytes = 0;  // R; 1 or less: exact
  double after_period_bytes = 0;
  AllocOrder order = AllocOrder::kNone;
  double scale = 1;  // `after` is multiplied with it before the difference is taken
};

// Variance of scale * after - before; nullopt where the levels do not tell enough.
std::optional<double> DifferenceVariance(const NoiseInput& input);

}  // namespace heapwatch
