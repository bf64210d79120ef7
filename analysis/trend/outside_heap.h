// Growth of a process outside its heap, where no heap profile can show it: stacks of threads,
// mapped files, memory of C libraries, fragments. Judged from the resident memory of the process,
// where the target tells it. Pure.
//
// What the heap itself explains is taken off first. A collector lets the heap grow to
// (1 + gogc / 100) times what is live, and memory that was needed once may be kept, so the largest
// live heap of this life counts:
//
//   outside(t) = resident(t) - (1 + gogc / 100) * (most live up to t - live at the first snapshot)
//
// What is left goes in as a window of one site, which is judged like any other; it is measured, not
// sampled, so its noise is what the fit finds.
//
// Example (gogc 100): the heap goes from 100 to 150 MiB, the process from 300 to 900: 300 -> 800.
#pragma once

#include <optional>
#include <string>

#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"

namespace heapwatch {

// What the site is called that stands for it, beside those of the heap.
const Site& OutsideHeapSite();

// The window of that one site: the snapshots at which the process told its memory. nullopt where
// there is none. Its limit is what the heap leaves of the process' limit.
std::optional<SiteWindow> OutsideHeap(const SiteWindow& heap, const TrendOptions& options);

// What such a window is judged by: growth counts from a tenth of the resident memory on, since so
// much comes and goes with fragments and the collector's slack; limits and slopes are those of the
// process, not of a heap that is collected.
TrendOptions OptionsOutsideHeap(const SiteWindow& outside, TrendOptions options);

// The sentence for the on-call engineer, from that of the judge.
std::string ExplainOutsideHeap(const std::string& reason);

}  // namespace heapwatch
