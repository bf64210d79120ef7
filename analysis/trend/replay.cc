#include "analysis/trend/replay.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/trend/timeline.h"

namespace heapwatch {
namespace {

constexpr double kSlopeMoved = 0.1;

struct Told {
  VerdictKind kind = VerdictKind::kInsufficientData;
  double slope = 0;
};

bool IsNews(const Told& told, const Verdict& verdict) {
  if (verdict.kind != told.kind) return true;
  return verdict.kind == VerdictKind::kLeak &&
         std::fabs(verdict.slope_bytes_per_second - told.slope) > kSlopeMoved * told.slope;
}

}  // namespace

void Replay(const SiteWindow& window, const ReplayOptions& options,
            const std::function<void(const VerdictChange&)>& on_change) {
  VerdictTracker tracker(options.tracker);
  SharedTracker shared;
  std::vector<Told> told(window.sites.size());
  const auto& observations = window.observations;
  std::size_t life_start = 0;
  std::optional<std::size_t> evaluated;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const bool new_life = i > 0 && !SameLife(observations[i], observations[i - 1]);
    if (new_life) life_start = i;
    const bool last = i + 1 == observations.size();
    if (!observations[i].is_new && !last) continue;
    if (evaluated && !new_life && !last) {
      const Duration age = observations[i].time - observations[life_start].time;
      const double wait = std::min(options.evaluation_share * Seconds(age),
                                   Seconds(options.longest_evaluation_interval));
      const double since = Seconds(observations[i].time - observations[*evaluated].time);
      if (since >= 0 && since < wait) continue;
    }
    evaluated = i;
    auto verdicts =
        tracker.Step(window, i + 1, Analyze(window, i + 1, options.trend), options.trend);
    if (options.diff_between)
      shared.Step(window, i + 1, options.trend, options.diff_between, verdicts);
    for (const Verdict& verdict : verdicts) {
      Told& before = told[verdict.site.index()];
      if (!IsNews(before, verdict)) continue;
      before = {.kind = verdict.kind, .slope = verdict.slope_bytes_per_second};
      on_change({.time = observations[i].time, .verdict = verdict});
    }
  }
}

}  // namespace heapwatch
