#include "analysis/trend/forecast.h"

#include <algorithm>

namespace heapwatch {

std::optional<Interval> SecondsToLimit(double live_bytes, double limit_bytes, const Interval& slope,
                                       double gogc) {
  if (slope.low <= 0) return std::nullopt;
  const double soonest = limit_bytes / (1 + gogc / 100) - live_bytes;
  const double latest = limit_bytes - live_bytes;
  return Interval{.low = std::max(0.0, soonest) / slope.high,
                  .high = std::max(0.0, latest) / slope.low};
}

}  // namespace heapwatch
