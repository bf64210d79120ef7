// What a site did over one stretch of its process' life, measured and not yet judged: the parcel of
// figures that replicas of a service are pooled from (fleet.h). Bytes, bytes squared and seconds.
//
// A single process may grow too slowly to be told from the noise of sampling. Growths add up over
// replicas, and so do their variances; hence neither is thrown away where one process alone says
// "stable". Pure.
//
// Example: 12 h, 12 MiB gained at R = 512 KiB: 24 samples; growth_bytes 12 MiB, variance
// 1.2 * 24 * (0.5 MiB)^2, so z = 12 / 2.7 = 4.5.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "analysis/trend/timeline.h"

namespace heapwatch {

struct SiteLife;

struct Stretch {
  double seconds = 0;
  double spacing_seconds = 0;  // of the scrapes
  double start_bytes = 0;
  double growth_bytes = 0;  // slope of the least-squares line times seconds
  double variance = 0;      // of growth_bytes, from sampling alone (TrendVariance)
  // What each third brought, as a difference of the levels at its two ends.
  std::array<double, 3> third_bytes = {};
  double last_third_variance = 0;
  // Absent where the target does not tell allocations: bytes of each quarter, and how many sampled
  // objects all of them rest on.
  std::optional<std::array<double, 4>> alloc_bytes;
  double alloc_samples = 0;
};

// Parts of the life that are measured, all ending now.
inline constexpr std::array<double, 3> kStretchShares = {1, 0.5, 0.25};

// Measures sites over one part of the life. What depends on the times alone is worked out once, for
// all sites.
class StretchMeter {
 public:
  // From the distinct observation `first` to the last.
  StretchMeter(const Timeline& life, std::size_t first);

  // nullopt where the stretch has fewer than eight observations.
  std::optional<Stretch> Measure(const Timeline& life, const SiteLife& site) const;

 private:
  // Observations [begin, end).
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::size_t first_ = 0;
  double start_seconds_ = 0;
  double seconds_ = 0;  // 0: nothing to measure
  // The slope of the least-squares line is the inner product of these with the values.
  std::vector<double> slope_weights_;
  std::array<Range, 4> levels_ = {};          // where each third begins and ends
  std::array<std::size_t, 5> quarters_ = {};  // the observations at which quarters begin and end
};

}  // namespace heapwatch
