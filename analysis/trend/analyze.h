// The judge: from the series of a target's sites to a verdict for each. A pure function of what it
// is handed: no clock, no I/O, no state; the same window gives the same verdicts on every machine.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// Every field can be set in the configuration under `detection:` and takes effect on reload.
struct TrendOptions {
  // No verdict but insufficient-data before a process has been watched this long and through this
  // many distinct GC cycles.
  Duration warm_up = std::chrono::minutes(15);
  std::size_t warm_up_cycles = 20;
  // Growth must exceed its standard error, from sampling and from the fit alike, this many times.
  double min_z = 4;
  // Growth must exceed both: bytes, and a share of the limit where the limit is known.
  double min_growth_bytes = 7.0 * 1024 * 1024;
  double min_growth_of_limit = 0.001;
  // How long a growth must have gone on without levelling off before it is called a leak. Caches
  // and pools fill from the process' start on, buffers fill until they are flushed: until then a
  // leak cannot be told from them, and the verdict is growing. Growth that begins later in a
  // process' life has fewer innocent causes.
  Duration patience = std::chrono::hours(8);
  Duration patience_mid_life = std::chrono::minutes(150);
  // Who scrapes more often than this expects things to happen faster: both waits shrink with the
  // power 1.5 of the spacing of the scrapes (a quarter of it, an eighth of the wait), down to the
  // warm-up.
  Duration patience_spacing = std::chrono::seconds(60);
  // Growth that has eaten this share of the memory that was free when it began is called a leak
  // without further waiting.
  double urgent_share_of_headroom = 0.67;
  // The longest stretch looked at.
  Duration max_window = std::chrono::hours(72);
  // A site churns when it allocates at least this much and its objects live shorter than this on
  // average, for so long.
  double churn_bytes_per_second = 400e3;
  Duration churn_lifetime = std::chrono::seconds(120);
  Duration churn_for = std::chrono::minutes(30);
  // Target heap growth between two collections, percent: a process needs that much more than its
  // live heap.
  double gogc = 100;
  bool operator==(const TrendOptions&) const = default;
};

// One verdict per site, in the order of window.sites, from the observations [0, end) of the window.
std::vector<Verdict> Analyze(const SiteWindow& window, std::size_t end,
                             const TrendOptions& options);

}  // namespace heapwatch
