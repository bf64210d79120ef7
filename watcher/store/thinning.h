// From a fine history to a coarse one. Of each stretch of time the first and the last snapshot
// stay, and those with the least and the most memory in use; a stretch ends where the process does,
// which shows in that the memory ever allocated falls.
//
// Example, every 10 min, in use at 12:00, 12:01 ... 12:09: 5 6 9 7 6 2 3 4 5 6. What stays are
// 12:00 (first), 12:02 (most), 12:05 (least) and 12:09 (last).
#pragma once

#include <span>
#include <vector>

#include "analysis/base/time.h"
#include "watcher/store/store.h"

namespace heapwatch {

// Which of the snapshots, which are in the order of time, stay.
std::vector<bool> ChooseKept(std::span<const SnapshotInfo> snapshots, Duration every);

}  // namespace heapwatch
