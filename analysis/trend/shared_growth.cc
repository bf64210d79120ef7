#include "analysis/trend/shared_growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "analysis/base/units.h"
#include "analysis/trend/explain.h"

namespace heapwatch {
namespace {

// Of all together, for a caller to be worth looking for.
constexpr double kWorthALookZ = 2;
// Of one site, for a part of what is sure already: two samples.
constexpr double kPartZ = 1;
// What one site holds most of is judged by that site.
constexpr double kMost = 0.8;
constexpr double kTwoSided95 = 1.96;

bool Contains(std::span<const Site> sites, const Site& site) {
  return std::find(sites.begin(), sites.end(), site) != sites.end();
}

// Of the stretches that the verdict was measured over, the one that is nearest to `seconds` long.
const Stretch* NearestStretch(const Verdict& verdict, double seconds) {
  const Stretch* nearest = nullptr;
  for (const auto& stretch : verdict.stretches) {
    if (!stretch) continue;
    if (nearest == nullptr ||
        std::fabs(stretch->seconds - seconds) < std::fabs(nearest->seconds - seconds))
      nearest = &*stretch;
  }
  return nearest;
}

void CallLeak(Verdict& verdict, const Stretch& stretch, const SharedLeak& leak) {
  const Verdict& sum = leak.sum;
  verdict.kind = VerdictKind::kLeak;
  verdict.from = sum.from;
  verdict.to = sum.to;
  verdict.slope_bytes_per_second = stretch.growth_bytes / stretch.seconds;
  verdict.growth_bytes = stretch.growth_bytes;
  verdict.growth_standard_error = std::sqrt(stretch.variance);
  verdict.z = stretch.growth_bytes / verdict.growth_standard_error;
  const double error = kTwoSided95 * verdict.growth_standard_error / stretch.seconds;
  verdict.slope_interval = {.low = verdict.slope_bytes_per_second - error,
                            .high = verdict.slope_bytes_per_second + error};
  verdict.effective_n = sum.effective_n;
  verdict.course = sum.course;
  verdict.course_weights = sum.course_weights;
  verdict.growing_for = sum.growing_for;
  verdict.onset = sum.onset;
  verdict.patience = sum.patience;
  verdict.only_patience_lacks = false;
  verdict.carried_over_restart = sum.carried_over_restart;
  verdict.only_stands = sum.only_stands;
  // As much sooner as the sum grows faster: together they come to what the sum says.
  if (sum.seconds_to_limit) {
    const double times = sum.slope_bytes_per_second / verdict.slope_bytes_per_second;
    verdict.seconds_to_limit = Interval{.low = times * sum.seconds_to_limit->low,
                                        .high = times * sum.seconds_to_limit->high};
  }
  verdict.reason = "grew " + FormatBytes(stretch.growth_bytes) + " in " +
                   SpokenDuration(stretch.seconds) + " as one of " +
                   FormatCount(static_cast<std::int64_t>(leak.sites.size())) +
                   " sites in or below " + leak.caller + "; together: " + sum.reason;
}

}  // namespace

std::vector<Duration> SharedGrowthBegan(std::span<const Verdict> verdicts,
                                        const TrendOptions& options) {
  std::vector<Duration> ago;
  for (std::size_t share = 0; share < kStretchShares.size(); ++share) {
    double growth = 0;
    double variance = 0;
    double grew = 0;  // at those that grew
    double largest = 0;
    double seconds = 0;
    for (const Verdict& verdict : verdicts) {
      const auto& stretch = verdict.stretches[share];
      if (!stretch || verdict.kind == VerdictKind::kLeak) continue;
      growth += stretch->growth_bytes;
      variance += stretch->variance;
      grew += std::max(0.0, stretch->growth_bytes);
      largest = std::max(largest, stretch->growth_bytes);
      seconds = stretch->seconds;
    }
    if (growth < options.min_growth_bytes || growth < kWorthALookZ * std::sqrt(variance)) continue;
    if (largest >= kMost * grew) continue;
    ago.push_back(Duration(std::llround(1000 * seconds)));
  }
  return ago;
}

SiteWindow SumSites(const SiteWindow& window, std::span<const Site> sites) {
  std::vector<std::size_t> order;  // of the rows: those of the sum first
  for (std::size_t row = 0; row < window.rows.size(); ++row) order.push_back(row);
  const auto is_summed = [&](std::size_t row) {
    return Contains(sites, window.sites[window.rows[row].site.index()]);
  };
  const auto rest = std::stable_partition(order.begin(), order.end(), is_summed);
  const auto summed = static_cast<std::uint32_t>(rest - order.begin());

  SiteWindow sums;
  sums.observations = window.observations;
  sums.has = window.has;
  sums.limit_bytes = window.limit_bytes;
  sums.version = window.version;
  sums.sites = {Site{.function = "sum"}, Site{.function = "rest"}};
  sums.first_row = {0, summed, static_cast<std::uint32_t>(order.size())};
  for (std::size_t i = 0; i < order.size(); ++i) {
    sums.rows.push_back(window.rows[order[i]]);
    sums.rows.back().site = SiteId(i < summed ? 0U : 1U);
  }
  for (const Quantity quantity : kQuantities) {
    const auto q = static_cast<std::size_t>(quantity);
    if (!window.has[q]) continue;
    sums.matrix[q].reserve(window.matrix[q].size());
    for (const std::size_t row : order) {
      const auto series = window.series(quantity, row);
      sums.matrix[q].insert(sums.matrix[q].end(), series.begin(), series.end());
    }
  }
  return sums;
}

std::set<ContentHash> ShareVerdict(const SharedLeak& leak, const SiteWindow& window,
                                   const std::set<ContentHash>& called_before,
                                   std::span<Verdict> verdicts) {
  std::set<ContentHash> called;
  const double seconds = Seconds(leak.sum.to - leak.sum.from);
  for (Verdict& verdict : verdicts) {
    const Site& site = window.sites[verdict.site.index()];
    if (verdict.kind == VerdictKind::kLeak || !Contains(leak.sites, site)) continue;
    const Stretch* stretch = NearestStretch(verdict, seconds);
    if (stretch == nullptr || stretch->growth_bytes <= 0) continue;
    const bool is_part = stretch->growth_bytes >= kPartZ * std::sqrt(stretch->variance);
    if (!is_part && !called_before.contains(site.id())) continue;
    CallLeak(verdict, *stretch, leak);
    called.insert(site.id());
  }
  return called;
}

}  // namespace heapwatch
