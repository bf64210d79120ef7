// Runs the detector over a recorded series as the service would have: evaluation after evaluation,
// each from what was known by then, and tells every change of a standing verdict. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/shared_tracker.h"
#include "analysis/trend/verdict.h"
#include "analysis/trend/verdict_tracker.h"

namespace heapwatch {

struct ReplayOptions {
  TrendOptions trend;
  TrackerOptions tracker;
  // Where the profiles are there: the sites below one caller are judged together, too. May be
  // empty.
  DiffBetween diff_between;
  // Not every new observation is evaluated: once this share of the life's length so far has passed,
  // which delays a verdict by no more than that. 0 evaluates them all.
  double evaluation_share = 0.01;
  Duration longest_evaluation_interval = std::chrono::minutes(10);
};

// A standing verdict changed, or a standing leak's slope moved by more than a tenth.
struct VerdictChange {
  Time time;
  Verdict verdict;
};

void Replay(const SiteWindow& window, const ReplayOptions& options,
            const std::function<void(const VerdictChange&)>& on_change);

}  // namespace heapwatch
