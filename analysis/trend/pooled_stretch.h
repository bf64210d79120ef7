// The stretches of a site's replicas taken together, and what they show together. The arithmetic of
// fleet.h, and its assumptions: errors of replicas are independent, their true slopes alike. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "analysis/base/time.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/stretch.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

struct PooledStretch {
  std::size_t count = 0;
  double seconds = 0;          // of all together
  double spacing_seconds = 0;  // of the scrapes, the longest of all
  double start_bytes = 0;
  double growth_bytes = 0;
  double variance = 0;
  double slope = 0;  // of one, bytes per second
  // From sampling alone, or from the spread of three and more replicas where that is wider.
  Interval interval;
  double z = 0;
  std::array<double, 3> third_bytes = {};
  double last_third_z = 0;
  std::optional<std::array<double, 4>> alloc_bytes;  // absent unless all have them
  double alloc_samples = 0;
};

PooledStretch PoolStretches(std::span<const Stretch> stretches);

// The share of what was allocated that stayed: growth over allocations; nullopt where unknown.
std::optional<double> RetentionOf(const PooledStretch& pooled);

// What more load alone would bring, by Little's law: the memory that turns over grows at most as
// the rate at which it is allocated. 0 where the rate did not rise or is not known.
double ExplainedByLoad(const PooledStretch& pooled);

// Leak, growing, or stable; of fewer than three replicas, whose spread is not known, stable.
VerdictKind JudgePooled(const PooledStretch& pooled, bool began_mid_life,
                        const TrendOptions& options);

// Whether one replica's own figures agree with a pooled growth: it grew, at a like rate.
bool Shows(const Stretch& own, const PooledStretch& pooled);

}  // namespace heapwatch
