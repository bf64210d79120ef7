#include "analysis/trend/pooled_stretch.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "analysis/trend/patience.h"

namespace heapwatch {
namespace {

// Replicas of one service are moved by one load, so they must agree beyond their own spread, too;
// of fewer there is none to speak of.
constexpr std::size_t kFewestForSpread = 3;
// As GrowsInEveryThird has it.
constexpr double kFairShare = 0.5;
constexpr double kLastThirdZ = 1;
// A replica shows a growth from this share of the pooled slope on, and this far out of its own
// noise.
constexpr double kShowingShare = 0.5;
constexpr double kShowingZ = 1;

// Half the width of a 95 % interval in standard errors that were estimated from so few values
// (Student's t).
double TwoSided95Of(std::size_t count) {
  const boost::math::students_t distribution(static_cast<double>(count - 1));
  return boost::math::quantile(boost::math::complement(distribution, 0.025));
}

double StandardErrors(double gained, double variance) {
  if (variance > 0) return gained / std::sqrt(variance);
  return gained > 0 ? std::numeric_limits<double>::infinity() : 0;
}

bool IsSteady(const PooledStretch& pooled) {
  const double third = pooled.growth_bytes / 3;
  const double slack = std::sqrt(pooled.variance / 3);
  const auto fair = [&](double gained) {
    return gained > 0 && gained + slack >= kFairShare * third;
  };
  return std::all_of(pooled.third_bytes.begin(), pooled.third_bytes.end(), fair) &&
         pooled.last_third_z >= kLastThirdZ;
}

}  // namespace

PooledStretch PoolStretches(std::span<const Stretch> stretches) {
  PooledStretch out;
  double last_third_variance = 0;
  for (const Stretch& one : stretches) {
    ++out.count;
    out.seconds += one.seconds;
    out.spacing_seconds = std::max(out.spacing_seconds, one.spacing_seconds);
    out.start_bytes += one.start_bytes;
    out.growth_bytes += one.growth_bytes;
    out.variance += one.variance;
    for (std::size_t i = 0; i < 3; ++i) out.third_bytes[i] += one.third_bytes[i];
    last_third_variance += one.last_third_variance;
    out.alloc_samples += one.alloc_samples;
  }
  if (out.seconds <= 0) return out;
  out.slope = out.growth_bytes / out.seconds;
  out.z = StandardErrors(out.growth_bytes, out.variance);
  out.last_third_z = StandardErrors(out.third_bytes[2], last_third_variance);
  double reach = kTwoSided95 * std::sqrt(out.variance) / out.seconds;
  if (out.count >= kFewestForSpread) {
    double squares = 0;
    for (const Stretch& one : stretches) {
      const double strayed = one.growth_bytes - out.slope * one.seconds;
      squares += strayed * strayed;
    }
    const auto k = static_cast<double>(out.count);
    const double spread = std::sqrt(squares * k / (k - 1)) / out.seconds;
    reach = std::max(reach, TwoSided95Of(out.count) * spread);
  }
  out.interval = {.low = out.slope - reach, .high = out.slope + reach};
  const bool all_tell = std::all_of(stretches.begin(), stretches.end(),
                                    [](const Stretch& one) { return one.alloc_bytes.has_value(); });
  if (!all_tell) return out;
  out.alloc_bytes.emplace();
  for (const Stretch& one : stretches) {
    for (std::size_t i = 0; i < 4; ++i) (*out.alloc_bytes)[i] += (*one.alloc_bytes)[i];
  }
  return out;
}

std::optional<double> RetentionOf(const PooledStretch& pooled) {
  if (!pooled.alloc_bytes) return std::nullopt;
  double allocated = 0;
  for (const double bytes : *pooled.alloc_bytes) allocated += bytes;
  if (allocated <= 0) return std::nullopt;
  return std::clamp(pooled.growth_bytes / allocated, 0.0, 1.0);
}

double ExplainedByLoad(const PooledStretch& pooled) {
  if (!pooled.alloc_bytes) return 0;
  const double before = pooled.alloc_bytes->front();
  const double now = pooled.alloc_bytes->back();
  if (before <= 0 || now <= before) return 0;
  double allocated = 0;
  for (const double bytes : *pooled.alloc_bytes) allocated += bytes;
  const double turned_over = std::max(0.0, allocated - std::max(0.0, pooled.growth_bytes));
  return std::min(pooled.start_bytes, turned_over) * (now / before - 1);
}

VerdictKind JudgePooled(const PooledStretch& pooled, bool began_mid_life,
                        const TrendOptions& options) {
  const bool sure =
      pooled.count >= kFewestForSpread && pooled.z >= options.min_z && pooled.interval.low > 0;
  if (!sure || pooled.growth_bytes < options.min_growth_bytes) return VerdictKind::kStable;
  if (!IsSteady(pooled) || ExplainedByLoad(pooled) > 0.5 * pooled.growth_bytes) {
    return VerdictKind::kGrowing;
  }
  const double length = pooled.seconds / static_cast<double>(pooled.count);
  const double wait = PatienceSeconds({.began_mid_life = began_mid_life,
                                       .retention = RetentionOf(pooled),
                                       .spacing_seconds = pooled.spacing_seconds},
                                      options);
  return length >= wait ? VerdictKind::kLeak : VerdictKind::kGrowing;
}

bool Shows(const Stretch& own, const PooledStretch& pooled) {
  return own.growth_bytes >= kShowingShare * pooled.slope * own.seconds &&
         StandardErrors(own.growth_bytes, own.variance) >= kShowingZ;
}

}  // namespace heapwatch
