// Puts snapshots out of several parts of a history together into tables, each of which can be a
// block. One thread.
#pragma once

#include <vector>

#include "analysis/base/error.h"
#include "analysis/series/segment.h"
#include "watcher/store/history.h"

namespace heapwatch {

// The snapshots that are kept, by their number in the order of time. There is one table after the
// other where the sample types or the sampling period change.
Result<std::vector<Segment>> Join(const History& history, const std::vector<bool>& is_kept);

}  // namespace heapwatch
