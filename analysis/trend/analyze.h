// The judge: from the series of a target's sites to a verdict for each. A pure function of what it is handed: no clock, no I/O,
// no state; the same window gives the same verdicts on every machine.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// Every field can be set in the configuration under `detection:` and takes effect on reload.
struct TrendOptions {
  // No verdict but insufficient-data before a process has been watched this long, or through this many distinct GC cycles.
  Duration warm_up = std::chrono::minutes(15);
  std::size_t warm_up_cycles = 20;
  // Growth must exceed its sampling noise by this many standard errors.
  double min_z = 6;
  // Growth over the window must exceed both: bytes, and a share of the limit where the limit is known.
  double min_growth_bytes = 16.0 * 1024 * 1024;
  double min_growth_of_limit = 0.02;
  // The longest stretch looked at.
  Duration max_window = std::chrono::hours(72);
  // A site churns when the process allocates at least this, for this long, and the site has at least this share of it.
  double churn_bytes_per_second = 250e6;
  double churn_gc_per_second = 1;
  Duration churn_for = std::chrono::minutes(30);
  double churn_share = 0.2;
  bool operator==(const TrendOptions&) const = default;
};

// One verdict per site, in the order of window.sites, from the observations [0, end) of the window.
std::vector<Verdict> Analyze(const SiteWindow& window, std::size_t end, const TrendOptions& options);

}  // namespace heapwatch
