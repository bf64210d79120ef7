// The verdicts that stand at the end of a window, by a tracker that has followed the evaluations so
// far or is to be caught up first. Pure but for the tracker.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/verdict.h"
#include "analysis/trend/verdict_tracker.h"

namespace heapwatch {

// From the observations [0, end). One that `is_new` goes through evaluations spread over the window
// and through the latest ones as they would have come.
std::vector<Verdict> Follow(VerdictTracker& tracker, bool is_new, const SiteWindow& window,
                            std::size_t end, const TrendOptions& options);

}  // namespace heapwatch
