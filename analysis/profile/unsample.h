// From what a Poisson sampler recorded to an estimate of the whole heap.
//
// An object of S/C bytes is sampled with the chance 1 - exp(-(S/C)/R), so count and bytes are both
// divided by it and cut off to whole numbers, as pprof does. To be applied to each recorded (stack,
// size), before any sum: sizes mixed first give a biased average. Pure.
//
//   Unsample({.count = 1, .bytes = 64}, 524288) -> {8192, 524320}
#pragma once

#include <cstdint>

namespace heapwatch {

struct Recorded {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  bool operator==(const Recorded&) const = default;
};

// `period_bytes` is R, the mean number of bytes between two samples; at 1 or less all was recorded.
Recorded Unsample(Recorded recorded, std::int64_t period_bytes);

}  // namespace heapwatch
