#include "watcher/app/gone_targets.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace heapwatch {
namespace {

// The gone targets to keep: of each service, those of the version that was seen last.
std::vector<const StoredTarget*> Choose(const std::vector<StoredTarget>& stored,
                                        const std::vector<Target>& watched, Time now) {
  std::set<Labels> labels;
  std::set<std::string> services;
  std::set<std::pair<std::string, std::string>> versions;
  for (const Target& target : watched) {
    labels.insert(target.labels);
    services.insert(ServiceOf(target.labels));
    versions.emplace(ServiceOf(target.labels), Get(target.labels, "version"));
  }
  std::map<std::string, std::vector<const StoredTarget*>> gone;
  for (const StoredTarget& target : stored) {
    const std::string service = ServiceOf(target.labels);
    if (now - target.last > GoneTargets::kMaxAge || labels.contains(target.labels)) continue;
    if (!services.contains(service)) continue;
    // A replica that was replaced by another of the same version tells nothing about versions.
    if (versions.contains({service, std::string(Get(target.labels, "version"))})) continue;
    gone[service].push_back(&target);
  }
  std::vector<const StoredTarget*> chosen;
  for (auto& [service, targets] : gone) {
    std::stable_sort(targets.begin(), targets.end(),
                     [](const auto* a, const auto* b) { return a->last > b->last; });
    const std::string_view version = Get(targets.front()->labels, "version");
    std::erase_if(targets, [&](const StoredTarget* target) {
      return Get(target->labels, "version") != version;
    });
    targets.resize(std::min(targets.size(), GoneTargets::kMaxReplicas));
    chosen.insert(chosen.end(), targets.begin(), targets.end());
  }
  return chosen;
}

}  // namespace

std::vector<TargetVerdicts> GoneTargets::Update(const std::vector<StoredTarget>& stored,
                                                const Settings& settings, const Store& store,
                                                Time now) {
  std::map<Labels, TargetVerdicts> kept;
  std::vector<TargetVerdicts> out;
  for (const StoredTarget* target : Choose(stored, settings.targets, now)) {
    auto known = judged_.find(target->labels);
    if (known == judged_.end()) {
      Target once;
      once.labels = target->labels;
      auto verdicts = Evaluator(store).Evaluate(once, target->last, *settings.attributor,
                                                settings.config->detection);
      if (!verdicts) {
        spdlog::warn("the version before cannot be judged: {}", verdicts.error().message);
        continue;
      }
      verdicts->watched_since = target->first;
      verdicts->is_gone = true;
      known = judged_.emplace(target->labels, *std::move(verdicts)).first;
    }
    out.push_back(known->second);
    kept.insert(judged_.extract(known));
  }
  judged_ = std::move(kept);
  return out;
}

}  // namespace heapwatch
