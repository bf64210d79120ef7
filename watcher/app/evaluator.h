// Judges targets from what the store holds of them.
//
// The verdict trackers of each target are its only state, those of its heap, of its memory outside
// the heap and of what its sites share (analysis/trend/shared_tracker.h); one that is new or was
// lost with a restart is caught up from the stored series. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/shared_tracker.h"
#include "analysis/trend/verdict_tracker.h"
#include "config/targets.h"
#include "watcher/store/store.h"

namespace heapwatch {

class Evaluator {
 public:
  explicit Evaluator(const Store& store) : store_(store) {}

  // The verdicts that stand for the target at `now`; none while nothing is stored of it. It throws
  // nothing: where the memory does not suffice for one target that is kInternal.
  Result<TargetVerdicts> Evaluate(const Target& target, Time now, const SiteAttributor& attributor,
                                  const TrendOptions& options);

  // Forgets the trackers of all targets but these.
  void Keep(const std::vector<Target>& targets);

 private:
  struct Judged {
    VerdictTracker heap;
    VerdictTracker outside_heap;
    SharedTracker shared;
  };

  Result<void> Judge(const SiteWindow& window, const SiteAttributor& attributor,
                     const TrendOptions& options, TargetVerdicts& out);

  const Store& store_;
  std::map<Labels, Judged> judged_;
};

}  // namespace heapwatch
