// When the process will reach its limit if a growth goes on, as a range.
//
// A garbage-collected heap needs more than what is live: with GOGC = 100 up to twice as much
// (go.dev/doc/gc-guide). The early end takes that and the steep end of the slope, the late end live
// memory alone and the shallow one. Pure; seconds.
#pragma once

#include <optional>

#include "analysis/trend/verdict.h"

namespace heapwatch {

// nullopt where the slope is not surely positive.
std::optional<Interval> SecondsToLimit(double live_bytes, double limit_bytes,
                                       const Interval& slope_bytes_per_second, double gogc);

}  // namespace heapwatch
