#include "analysis/trend/patience.h"

#include <algorithm>
#include <cmath>

namespace heapwatch {
namespace {

constexpr Duration kUsualPatience = std::chrono::hours(8);
constexpr double kUsualSpacingSeconds = 60;
// Of the patience from a process' start on.
constexpr double kMidLifeShare = 0.3;
// So that no batch of work passes for a leak.
constexpr double kLeastWarmUps = 4;
// From this retention on a growth may be a fill.
constexpr double kRetentionOfFills = 0.26;
// From this error over that of sampling on work is uneven, and so many times longer is the longest
// wait for it. Measured on 4,883 target-days with some 1,500 leaks, together with the cube of the
// retention, beside its square, 0.22 and no such wait: delays a tenth shorter, 32 false alerts
// instead of 34, four leaks in a thousand found only after the end of the record.
constexpr double kUneven = 1.6;
constexpr double kLongestForUneven = 3;
// Measured on 4,883 target-days with some 1,500 leaks, before the wait for uneven work: 49 false
// alerts without it, 34 with it, and 46 fewer on fills in progress; nine leaks are found some hours
// later, after the end of the record.
constexpr double kKnownShare = 0.4;

double FullSeconds(double spacing_seconds, const TrendOptions& options) {
  if (options.patience) return Seconds(*options.patience);
  const double spacing = std::min(1.0, spacing_seconds / kUsualSpacingSeconds);
  return Seconds(kUsualPatience) * std::pow(spacing, 1.5);
}

// Of a growth since the process' start, by its retention.
double WaitForFillSeconds(const PatienceInput& input, const TrendOptions& options) {
  const double share = std::min(1.0, input.retention.value_or(1) / kRetentionOfFills);
  return FullSeconds(input.spacing_seconds, options) * share * share * share;
}

}  // namespace

double PatienceSeconds(const PatienceInput& input, const TrendOptions& options) {
  double wait = WaitForFillSeconds(input, options);
  if (input.began_mid_life && input.retention) wait *= kMidLifeShare;
  return std::max(kLeastWarmUps * Seconds(options.warm_up), wait) *
         std::clamp(input.error_over_sampling / kUneven, 1.0, kLongestForUneven);
}

double KnownShare(const PatienceInput& input, const TrendOptions& options) {
  const double wait = WaitForFillSeconds(input, options);
  return kKnownShare * std::min(1.0, wait / Seconds(kUsualPatience));
}

}  // namespace heapwatch
