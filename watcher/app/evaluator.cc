#include "watcher/app/evaluator.h"

#include <algorithm>
#include <utility>

#include "analysis/base/attempt.h"
#include "analysis/profile/diff_caller.h"
#include "analysis/trend/outside_heap.h"
#include "analysis/trend/shared_growth.h"
#include "watcher/app/describe.h"

namespace heapwatch {
namespace {

// A tracker is caught up by this many evaluations spread over the window, and by the latest ones as
// they would have come.
constexpr std::size_t kCatchUpSteps = 16;
constexpr std::size_t kCatchUpLatest = 4;

// Ends of windows, in order, for catching a tracker up on all but the last observation.
std::vector<std::size_t> CatchUpEnds(const SiteWindow& window) {
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i + 1 < window.observations.size(); ++i)
    if (window.observations[i].is_new) fresh.push_back(i + 1);
  const std::size_t latest = fresh.size() - std::min(fresh.size(), kCatchUpLatest);
  std::vector<std::size_t> ends;
  for (std::size_t step = 1; step < kCatchUpSteps; ++step) {
    const std::size_t i = latest * step / kCatchUpSteps;
    if (i < latest && (ends.empty() || ends.back() != fresh[i])) ends.push_back(fresh[i]);
  }
  ends.insert(ends.end(), fresh.begin() + static_cast<std::ptrdiff_t>(latest), fresh.end());
  return ends;
}

// The verdicts that stand at the end of the window.
std::vector<Verdict> Follow(VerdictTracker& tracker, bool is_new, const SiteWindow& window,
                            const TrendOptions& options) {
  const auto step = [&](std::size_t end) {
    return tracker.Step(window, end, Analyze(window, end, options), options);
  };
  if (is_new)
    for (const std::size_t end : CatchUpEnds(window)) step(end);
  return step(window.observations.size());
}

}  // namespace

Result<TargetVerdicts> Evaluator::Evaluate(const Target& target, Time now,
                                           const SiteAttributor& attributor,
                                           const TrendOptions& options) {
  TargetVerdicts out{
      .target = target.labels, .evaluated = now, .sites = {}, .verdicts = {}, .watched_since = {}};
  auto window = Attempt([&] {
    return store_.Window(TargetId::Of(target.labels), now - options.max_window, now, attributor);
  });
  if (!window && window.error().code == ErrorCode::kNotFound) return out;
  if (!window) return Fail(window.error());
  window->limit_bytes = target.memory_limit_bytes;
  const auto judged = Attempt([&] { return Judge(*window, attributor, options, out); });
  if (!judged) {
    judged_.erase(target.labels);  // it may have stopped half-way: it is caught up next time
    return Fail(judged.error());
  }
  out.sites = std::move(window->sites);
  return out;
}

Result<void> Evaluator::Judge(const SiteWindow& window, const SiteAttributor& attributor,
                              const TrendOptions& options, TargetVerdicts& out) {
  const auto [known, is_new] = judged_.try_emplace(out.target);
  Judged& judged = known->second;
  out.verdicts = Follow(judged.heap, is_new, window, options);
  if (!out.verdicts.empty()) JudgeShared(window, attributor, options, judged.shared, out);
  if (const auto outside = OutsideHeap(window, options)) {
    auto verdicts =
        Follow(judged.outside_heap, is_new, *outside, OptionsOutsideHeap(*outside, options));
    if (!verdicts.empty()) {
      verdicts.front().reason = ExplainOutsideHeap(verdicts.front().reason);
      out.outside_heap = std::move(verdicts.front());
    }
  }
  return {};
}

void Evaluator::JudgeShared(const SiteWindow& window, const SiteAttributor& attributor,
                            const TrendOptions& options, std::optional<Shared>& shared,
                            TargetVerdicts& out) const {
  bool is_new = false;
  // A leak that stands goes on standing for the same sites until it is seen to end.
  if (!shared || !shared->leaks) {
    auto found = FindShared(window, attributor, options, out);
    is_new = found && (!shared || shared->caller != found->caller);
    if (found && !is_new) found->sum = std::move(shared->sum);
    shared = std::move(found);
    if (!shared) return;
  }
  const auto standing = Follow(shared->sum, is_new, SumSites(window, shared->sites), options);
  const Verdict& sum = standing.front();
  shared->leaks = sum.kind == VerdictKind::kLeak;
  if (shared->leaks)
    shared->called =
        ShareVerdict({shared->caller, shared->sites, sum}, window, shared->called, out.verdicts);
}

std::optional<Evaluator::Shared> Evaluator::FindShared(const SiteWindow& window,
                                                       const SiteAttributor& attributor,
                                                       const TrendOptions& options,
                                                       const TargetVerdicts& out) const {
  std::vector<Site> unsure;
  for (const Verdict& verdict : out.verdicts)
    if (verdict.kind != VerdictKind::kLeak) unsure.push_back(window.sites[verdict.site.index()]);
  for (const Time begin : SharedGrowthBegins(window, out.verdicts, options)) {
    const auto diff = DiffOf({out.target, begin, window.observations.back().time, "inuse_space"},
                             store_, attributor);
    // One that cannot be made is no loss to the verdicts that stand without it.
    const auto caller = diff ? FindCommonCaller(*diff, unsure) : std::nullopt;
    if (!caller) continue;
    Shared found;
    found.caller = caller->function;
    for (const Site& site : SitesBelow(*diff, caller->function))
      if (std::find(unsure.begin(), unsure.end(), site) != unsure.end())
        found.sites.push_back(site);
    if (!found.sites.empty()) return found;
  }
  return std::nullopt;
}

void Evaluator::Keep(const std::vector<Target>& targets) {
  std::map<Labels, Judged> kept;
  for (const Target& target : targets)
    if (auto node = judged_.extract(target.labels)) kept.insert(std::move(node));
  judged_ = std::move(kept);
}

}  // namespace heapwatch
