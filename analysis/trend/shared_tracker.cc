#include "analysis/trend/shared_tracker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "analysis/profile/diff_caller.h"
#include "analysis/trend/catch_up.h"

namespace heapwatch {
namespace {

// Of what is allocated at all sites below a caller: what stays there.
constexpr double kLeastRetention = 0.1;

}  // namespace

// The caller of most of the growth that no verdict calls a leak yet.
std::optional<SharedTracker::Shared> SharedTracker::Find(const SiteWindow& window, std::size_t end,
                                                         const TrendOptions& options,
                                                         const DiffBetween& diff_between,
                                                         const std::vector<Verdict>& verdicts) {
  std::set<ContentHash> unsure;
  for (const Verdict& verdict : verdicts)
    if (IsUntold(verdict)) unsure.insert(window.sites[verdict.site.index()].id());
  const Time now = window.observations[end - 1].time;
  for (const Duration ago : SharedGrowthBegan(verdicts, options)) {
    const auto diff = diff_between(now - ago, now);
    const auto caller = diff ? FindCommonCaller(*diff, unsure) : std::nullopt;
    if (!caller) continue;
    Shared found;
    found.caller = caller->function;
    std::ranges::set_intersection(SitesBelow(*diff, caller->function), unsure,
                                  std::inserter(found.sites, found.sites.end()));
    if (!found.sites.empty()) return found;
  }
  return std::nullopt;
}

void SharedTracker::Step(const SiteWindow& window, std::size_t end, const TrendOptions& options,
                         const DiffBetween& diff_between, std::vector<Verdict>& verdicts) {
  if (verdicts.empty()) return;
  bool is_new = false;
  if (!shared_ || !shared_->leaks) {
    auto found = Find(window, end, options, diff_between, verdicts);
    is_new = found && (!shared_ || shared_->caller != found->caller);
    if (found && !is_new) found->sum = std::move(shared_->sum);
    shared_ = std::move(found);
    if (!shared_) return;
  }
  const auto standing =
      Follow(shared_->sum, is_new, SumSites(window, shared_->sites), end, options);
  const Verdict& sum = standing.front();
  // What began in an earlier life, as the sum of the same sites, may have been another leak; and
  // where next to nothing stays, it may be the work of many sites that is uneven.
  const bool begins = !sum.only_stands && sum.retention.value_or(1) >= kLeastRetention;
  shared_->leaks = sum.kind == VerdictKind::kLeak && (shared_->leaks || begins);
  if (shared_->leaks)
    shared_->called =
        ShareVerdict({shared_->caller, shared_->sites, sum}, window, shared_->called, verdicts);
}

}  // namespace heapwatch
