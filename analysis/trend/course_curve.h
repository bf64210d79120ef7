// The course that a verdict names, as a curve to draw over the points it was judged by.
//
// The verdict tells the kind of course, the stretch of time and the slope with its interval; here
// that kind is fitted to the points of the stretch by least squares. The band around the curve is
// as wide as the interval of the slope makes it away from the middle of the stretch, and nowhere
// narrower than the scatter of the points allows. Pure.
//
// Example: points 10, 12, 14, 16 MiB at minutes 0 to 3, slope 2 MiB/min, 1.5 to 2.5: the curve
// runs through the points, the band spans 15.25 to 16.75 MiB at minute 3.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

struct CourseCurve {
  std::vector<Time> times;
  std::vector<double> bytes;
  std::vector<double> low;  // 95 %
  std::vector<double> high;
};

// `inuse_bytes` at each of `times`, which ascend; those outside the verdict's stretch are passed
// over. nullopt where the verdict names no course or too few points are left.
std::optional<CourseCurve> CurveOf(const Verdict& verdict, std::span<const Time> times,
                                   std::span<const double> inuse_bytes);

}  // namespace heapwatch
