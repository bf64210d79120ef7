// Targets that are no longer watched, of services that are: what a new version is compared with
// once the pods of the one before it are gone. Each is judged once more, from what the store holds
// of it, at the moment it was last seen. One thread at a time.
#pragma once

#include <map>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/labels.h"
#include "watcher/app/evaluator.h"
#include "watcher/app/settings.h"
#include "watcher/store/store.h"

namespace heapwatch {

class GoneTargets {
 public:
  // Brings them up to date with `stored`, all targets the store knows, and returns the latest gone
  // version of each service watched: kMaxReplicas of it at most, seen within kMaxAge.
  std::vector<TargetVerdicts> Update(const std::vector<StoredTarget>& stored,
                                     const Settings& settings, const Store& store, Time now);

  static constexpr std::size_t kMaxReplicas = 16;
  static constexpr Duration kMaxAge = std::chrono::hours(24 * 7);

 private:
  std::map<Labels, TargetVerdicts> judged_;
};

}  // namespace heapwatch
