#include "analysis/trend/noise.h"

#include <algorithm>
#include <cmath>

namespace heapwatch {

double SamplingProbability(double object_bytes, double period_bytes) {
  if (period_bytes <= 1 || object_bytes <= 0) return 1;
  return -std::expm1(-object_bytes / period_bytes);
}

SampleUnit UnitOf(double object_bytes, double period_bytes) {
  if (object_bytes <= 0) return {};
  const double p = SamplingProbability(object_bytes, period_bytes);
  const double bytes = object_bytes / p;
  return {.bytes = bytes, .variance = bytes * bytes * (1 - p)};
}

double TurnoverFactor(double u) {
  if (u <= 0) return 0;
  // The closed form loses its digits near zero: take the first terms of its series there.
  if (u < 0.2) return 2.4 * u - u * u + 0.257 * u * u * u;
  const double e = std::exp(-u);
  const double integral =
      1 / (12 * u) - (1 + e) / (4 * u * u) - e / (u * u * u) + (1 - e) / (u * u * u * u);
  return 288 * integral;
}

double TrendVariance(const SampleUnit& unit, const SampleCounts& counts) {
  const double stayed = std::fabs(counts.end - counts.start);
  // What was there at both ends turns over; what was gained is taken to stay. (That the gain itself
  // turns over is asked of the last third on its own, where it is part of the start.)
  const double level = std::min(counts.start, counts.end);
  const double turned_over = std::max(0.0, counts.born - std::max(0.0, counts.end - counts.start));
  double variance = 1.2 * stayed;
  if (level > 0) variance += level * TurnoverFactor(turned_over / level);
  return unit.variance * variance;
}

}  // namespace heapwatch
