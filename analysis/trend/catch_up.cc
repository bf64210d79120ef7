#include "analysis/trend/catch_up.h"

#include <algorithm>

namespace heapwatch {
namespace {

constexpr std::size_t kSteps = 16;
constexpr std::size_t kLatest = 4;

// Ends of windows, in order, for catching a tracker up on all but the last observation.
std::vector<std::size_t> CatchUpEnds(const SiteWindow& window, std::size_t end) {
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i + 1 < end; ++i)
    if (window.observations[i].is_new) fresh.push_back(i + 1);
  const std::size_t latest = fresh.size() - std::min(fresh.size(), kLatest);
  std::vector<std::size_t> ends;
  for (std::size_t step = 1; step < kSteps; ++step) {
    const std::size_t i = latest * step / kSteps;
    if (i < latest && (ends.empty() || ends.back() != fresh[i])) ends.push_back(fresh[i]);
  }
  ends.insert(ends.end(), fresh.begin() + static_cast<std::ptrdiff_t>(latest), fresh.end());
  return ends;
}

}  // namespace

std::vector<Verdict> Follow(VerdictTracker& tracker, bool is_new, const SiteWindow& window,
                            std::size_t end, const TrendOptions& options) {
  const auto step = [&](std::size_t to) {
    return tracker.Step(window, to, Analyze(window, to, options), options);
  };
  if (is_new)
    for (const std::size_t earlier : CatchUpEnds(window, end)) step(earlier);
  return step(end);
}

}  // namespace heapwatch
