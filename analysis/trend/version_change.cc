#include "analysis/trend/version_change.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "analysis/trend/median.h"

namespace heapwatch {
namespace {

// A rate resting on so many sampled allocations is known within 10 % (one standard error).
constexpr double kMinSamples = 100;
constexpr std::size_t kMinSites = 5;
constexpr double kAllocatesMore = 1.5;
constexpr double kStandardErrors = 3;

std::optional<double> AllocRate(const PooledStretch& pooled) {
  if (!pooled.alloc_bytes || pooled.alloc_samples < kMinSamples) return std::nullopt;
  return std::accumulate(pooled.alloc_bytes->begin(), pooled.alloc_bytes->end(), 0.0) /
         pooled.seconds;
}

std::optional<double> RateRatio(const PooledStretch& before, const PooledStretch& now) {
  const auto then = AllocRate(before);
  const auto today = AllocRate(now);
  if (!then || !today) return std::nullopt;
  return *today / *then;
}

}  // namespace

std::optional<LoadRatio> FindLoadRatio(const std::map<ContentHash, PooledStretch>& before,
                                       const std::map<ContentHash, PooledStretch>& now) {
  std::vector<double> logarithms;
  for (const auto& [site, pooled] : now) {
    const auto known = before.find(site);
    if (known == before.end()) continue;
    if (const auto ratio = RateRatio(known->second, pooled)) logarithms.push_back(std::log(*ratio));
  }
  if (logarithms.size() < kMinSites) return std::nullopt;
  const auto count = static_cast<double>(logarithms.size());
  const double middle = Median(logarithms);
  for (double& value : logarithms) value = std::fabs(value - middle);
  const double deviation = Median(logarithms) / kMedianDeviationOfNormal;
  return LoadRatio{.ratio = std::exp(middle),
                   .relative_error = std::sqrt(std::numbers::pi / 2 / count) * deviation};
}

VersionChange CompareVersions(const PooledStretch& before, const PooledStretch& now,
                              const std::optional<LoadRatio>& load) {
  VersionChange out;
  out.slope_before = before.slope;
  out.slope_interval_before = before.interval;
  out.growth_is_new = now.interval.low > 0 && now.interval.low > before.interval.high;
  const auto ratio = RateRatio(before, now);
  if (!ratio || !load) return out;
  out.alloc_ratio = *ratio / load->ratio;
  // Of a ratio of two Poisson counts, relative: sqrt(1/n + 1/m).
  const double error = std::sqrt(1 / before.alloc_samples + 1 / now.alloc_samples +
                                 load->relative_error * load->relative_error);
  out.allocates_more = *out.alloc_ratio * (1 - kStandardErrors * error) > kAllocatesMore;
  return out;
}

}  // namespace heapwatch
