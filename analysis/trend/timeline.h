// The observations of the running process life, on a clock that only goes forward.
//
// Scrapes are irregular: some fail, some repeat the heap of one GC cycle, and the clock of the host
// that stamps them may be set. A leak's slope is bytes per second of the process' own time, so:
//   - a profile that repeats the one before is no observation (a Go profile moves only when a GC
//   cycle completes);
//   - a step back, or one far shorter than those around it, counts as one usual spacing;
//   - a step far longer than usual is a gap if the process allocated accordingly meanwhile, else
//   the clock was set forward.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/series/site_window.h"

namespace heapwatch {

struct Timeline {
  std::vector<std::uint32_t> columns;  // distinct observations, indices into window.observations
  std::vector<double> seconds;         // of each, since the first observation of this life
  std::size_t first_column = 0;        // of this life, repeated ones included
  double spacing_seconds = 0;          // the usual time between two scrapes
  // Time from the first to the last scrape of this life, repeats included.
  double watched_seconds = 0;

  std::size_t size() const { return columns.size(); }
  // The first observation at or after `second`, or the last one.
  std::size_t index_at(double second) const;
};

// Whether both are of one life of one build.
bool SameLife(const Observation& a, const Observation& b);

// Bytes that the process allocated between two observations; nullopt where they are not told.
std::optional<double> AllocatedBetween(const SiteWindow& window, std::size_t from, std::size_t to);

// The life that observation end - 1 belongs to, as seen in observations [0, end).
Timeline CurrentLife(const SiteWindow& window, std::size_t end);

}  // namespace heapwatch
