// Puts snapshots out of several parts of a history together into blocks. One thread.
#pragma once

#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/series/block_codec.h"
#include "watcher/store/history.h"

namespace heapwatch {

struct JoinedBlock {
  Time first{};
  PackedBlock packed;
};

// The snapshots that are kept, by their number in the order of time. There is one block after the
// other where the sample types or the sampling period change.
Result<std::vector<JoinedBlock>> Join(const History& history, const std::vector<bool>& is_kept,
                                      bool is_short = false);

}  // namespace heapwatch
