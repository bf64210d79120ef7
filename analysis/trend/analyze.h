// The judge: from the series of a target's sites to a verdict for each. A pure function of what it
// is handed: no clock, no I/O, no state; the same window gives the same verdicts on every machine.
#pragma once

#include <cstddef>
#include <optional>
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
  std::size_t warm_up_cycles = 12;
  // Growth must exceed its standard error, from sampling and from the fit alike, this many times.
  double min_z = 3.5;
  // Growth must exceed both: bytes, and a share of the limit where the limit is known.
  double min_growth_bytes = 7.0 * 1024 * 1024;
  double min_growth_of_limit = 0.001;
  // How long a growth of which all stays must have gone on, from the process' start on, before it
  // is called a leak and no cache that fills up; patience.h says what changes it. Absent: 8 h
  // where scrapes are a minute apart or more, less where they are closer.
  std::optional<Duration> patience;
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
// Where the window does not tell live bytes, each is insufficient-data.
std::vector<Verdict> Analyze(const SiteWindow& window, std::size_t end,
                             const TrendOptions& options);

}  // namespace heapwatch
