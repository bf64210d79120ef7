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
constexpr double kRetentionOfFills = 0.22;
// Measured on 4,455 target-days with some 1,300 leaks: without it 46 false alerts instead of 35, of
// which most came hours after a fill had ended, and 32 more on fills in progress; nine leaks are
// found some hours later, after the end of the record.
constexpr double kKnownShare = 0.4;

double FullSeconds(double spacing_seconds, const TrendOptions& options) {
  if (options.patience) return Seconds(*options.patience);
  const double spacing = std::min(1.0, spacing_seconds / kUsualSpacingSeconds);
  return Seconds(kUsualPatience) * std::pow(spacing, 1.5);
}

// From 0 to 1, by what stays of what is allocated.
double LikenessToFill(std::optional<double> retention) {
  const double share = std::min(1.0, retention.value_or(1) / kRetentionOfFills);
  return share * share;
}

}  // namespace

double PatienceSeconds(const PatienceInput& input, const TrendOptions& options) {
  double wait = FullSeconds(input.spacing_seconds, options) * LikenessToFill(input.retention);
  if (input.began_mid_life && input.retention) wait *= kMidLifeShare;
  return std::max(kLeastWarmUps * Seconds(options.warm_up), wait);
}

double KnownShare(const PatienceInput& input, const TrendOptions& options) {
  const double wait = FullSeconds(input.spacing_seconds, options) * LikenessToFill(input.retention);
  return kKnownShare * std::min(1.0, wait / Seconds(kUsualPatience));
}

}  // namespace heapwatch
