#include "analysis/trend/shared_growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "analysis/base/units.h"
#include "analysis/series/value_coding.h"
#include "analysis/trend/explain.h"

namespace heapwatch {
namespace {

// Of all together, for a caller to be worth looking for.
constexpr double kWorthALookZ = 2;
// Of one site, for a part of what is sure already: two samples.
constexpr double kPartZ = 1;
// Of what grew, by one site: above that the site is sure by itself soon enough.
constexpr double kLargestShare = 0.4;
// Parts of one thing go together: of each stays as large a share of what is allocated. Of the share
// that is usual among them.
constexpr double kLeastRetention = 0.5;

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

// Of what was allocated in the stretch; nullopt where that is not told.
std::optional<double> RetentionOf(const Stretch& stretch) {
  if (!stretch.alloc_bytes) return std::nullopt;
  double allocated = 0;
  for (const double bytes : *stretch.alloc_bytes) allocated += bytes;
  return allocated > 0 ? std::min(1.0, stretch.growth_bytes / allocated) : 1;
}

struct Part {
  Verdict* verdict;
  const Stretch* stretch;
};

// The retention at which half of the growth of the parts is at or above it; 0 where none is told.
double UsualRetention(const std::vector<Part>& parts) {
  std::vector<std::pair<double, double>> growths;  // by retention
  double all = 0;
  for (const Part& part : parts) {
    const auto retention = RetentionOf(*part.stretch);
    if (!retention) continue;
    growths.emplace_back(*retention, part.stretch->growth_bytes);
    all += part.stretch->growth_bytes;
  }
  std::sort(growths.begin(), growths.end());
  double below = 0;
  for (const auto& [retention, growth] : growths) {
    below += growth;
    if (below >= all / 2) return retention;
  }
  return 0;
}

}  // namespace

bool IsUntold(const Verdict& verdict) {
  return verdict.kind == VerdictKind::kStable || verdict.kind == VerdictKind::kChurn;
}

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
      if (!stretch || !IsUntold(verdict)) continue;
      growth += stretch->growth_bytes;
      variance += stretch->variance;
      grew += std::max(0.0, stretch->growth_bytes);
      largest = std::max(largest, stretch->growth_bytes);
      seconds = stretch->seconds;
    }
    if (growth < options.min_growth_bytes || growth < kWorthALookZ * std::sqrt(variance)) continue;
    if (largest >= kLargestShare * grew) continue;
    ago.push_back(Duration(std::llround(1000 * seconds)));
  }
  return ago;
}

SiteWindow SumSites(const SiteWindow& window, const std::set<ContentHash>& sites) {
  SiteWindow sums;
  sums.observations = window.observations;
  sums.has = window.has;
  sums.limit_bytes = window.limit_bytes;
  sums.version = window.version;
  sums.sites = {Site{.function = "sum"}, Site{.function = "rest"}};
  std::vector<std::size_t> summed;
  std::vector<std::size_t> rest;
  for (std::size_t site = 0; site < window.sites.size(); ++site) {
    std::vector<std::size_t>& rows = sites.contains(window.sites[site].id()) ? summed : rest;
    for (std::size_t row = window.first_row[site]; row < window.first_row[site + 1]; ++row)
      rows.push_back(row);
  }
  for (const std::size_t row : summed)
    sums.rows.push_back({SiteId(0U), window.rows[row].block_bytes});
  sums.rows.push_back({SiteId(1U), 0});
  sums.first_row = {0, static_cast<std::uint32_t>(summed.size()),
                    static_cast<std::uint32_t>(summed.size() + 1)};
  const std::size_t n = window.observations.size();
  for (const Quantity quantity : kQuantities) {
    const auto q = static_cast<std::size_t>(quantity);
    if (!window.has[q]) continue;
    sums.matrix[q].reserve((summed.size() + 1) * n);
    for (const std::size_t row : summed) {
      const auto series = window.series(quantity, row);
      sums.matrix[q].insert(sums.matrix[q].end(), series.begin(), series.end());
    }
    std::vector<std::int64_t> all(n, 0);
    for (const std::size_t row : rest)
      std::ranges::transform(all, window.series(quantity, row), all.begin(), WrappingSum);
    sums.matrix[q].insert(sums.matrix[q].end(), all.begin(), all.end());
  }
  return sums;
}

std::set<ContentHash> ShareVerdict(const SharedLeak& leak, const SiteWindow& window,
                                   const std::set<ContentHash>& called_before,
                                   std::span<Verdict> verdicts) {
  const double seconds = Seconds(leak.sum.to - leak.sum.from);
  std::vector<Part> parts;
  for (Verdict& verdict : verdicts) {
    // Meanwhile a part may be seen to grow by itself.
    const bool may_be_part = IsUntold(verdict) || verdict.kind == VerdictKind::kGrowing;
    if (!may_be_part || !leak.sites.contains(window.sites[verdict.site.index()].id())) continue;
    const Stretch* stretch = NearestStretch(verdict, seconds);
    if (stretch == nullptr || stretch->growth_bytes <= 0) continue;
    // Where nothing was born nothing can have grown, whatever line lies through it.
    const bool is_sampled = verdict.sampling_period_bytes > 1;
    if (!is_sampled || stretch->variance > 0) parts.push_back({&verdict, stretch});
  }
  const double least_retention = kLeastRetention * UsualRetention(parts);
  std::set<ContentHash> called;
  for (const Part& part : parts) {
    const ContentHash site = window.sites[part.verdict->site.index()].id();
    const bool grew = part.stretch->growth_bytes >= kPartZ * std::sqrt(part.stretch->variance);
    const bool stays = RetentionOf(*part.stretch).value_or(1) >= least_retention;
    if (!(grew && stays) && !called_before.contains(site)) continue;
    CallLeak(*part.verdict, *part.stretch, leak);
    called.insert(site);
  }
  return called;
}

}  // namespace heapwatch
