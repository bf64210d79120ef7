// Puts snapshots out of several parts of a history together into blocks. One thread.
#pragma once

#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/series/block_codec.h"
#include "watcher/store/history.h"

namespace heapwatch {

// Neither a chain nor a block goes on over a longer one. Where the clock was ahead once there is
// such a hole until that moment comes, and what is written in it must make chains and blocks of its
// own.
inline constexpr Duration kLongestHole = std::chrono::hours(24);

struct JoinedBlock {
  Time first{};
  PackedBlock packed;
};

// The snapshots that are kept, by their number in the order of time. There is one block after the
// other where the sample types or the sampling period change, and around a hole.
Result<std::vector<JoinedBlock>> Join(const History& history, const std::vector<bool>& is_kept,
                                      bool is_short = false);

}  // namespace heapwatch
