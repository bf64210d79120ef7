#include "watcher/app/evaluator.h"

#include <utility>

#include "analysis/base/attempt.h"
#include "analysis/trend/catch_up.h"
#include "analysis/trend/outside_heap.h"
#include "watcher/app/describe.h"

namespace heapwatch {

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
  const std::size_t end = window.observations.size();
  out.verdicts = Follow(judged.heap, is_new, window, end, options);
  const auto diff_between = [&](Time from, Time to) {
    return DiffOf({out.target, from, to, "inuse_space"}, store_, attributor);
  };
  judged.shared.Step(window, end, options, diff_between, out.verdicts);
  if (const auto outside = OutsideHeap(window, options)) {
    auto verdicts = Follow(judged.outside_heap, is_new, *outside, outside->observations.size(),
                           OptionsOutsideHeap(*outside, options));
    if (!verdicts.empty()) {
      verdicts.front().reason = ExplainOutsideHeap(verdicts.front().reason);
      out.outside_heap = std::move(verdicts.front());
    }
  }
  return {};
}

void Evaluator::Keep(const std::vector<Target>& targets) {
  std::map<Labels, Judged> kept;
  for (const Target& target : targets)
    if (auto node = judged_.extract(target.labels)) kept.insert(std::move(node));
  judged_ = std::move(kept);
}

}  // namespace heapwatch
