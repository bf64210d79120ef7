// How long history is kept, and what came of applying that. See Store::Age.
#pragma once

#include <cstddef>

#include "analysis/base/time.h"

namespace heapwatch {

struct Retention {
  // Snapshots older than this are dropped.
  Duration age = std::chrono::hours(24 * 30);
};

struct AgeingReport {
  std::size_t dropped = 0;  // snapshots
};

}  // namespace heapwatch
