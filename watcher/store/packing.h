// Turns rows that have come to the end of their chain into a block, and short blocks into longer
// ones: the fewer rows are left, the less is read row by row; the longer the blocks are, the fewer
// bytes they take.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/base/error.h"
#include "watcher/store/history_units.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

// A chain or a block with more values than this is long enough: what is packed takes 64 MiB at
// most.
inline constexpr std::size_t kMostValues = 8U << 20;

struct PackingOptions {
  // A block of fewer snapshots is short: it is joined with those after it once they are so many
  // together.
  std::size_t snapshots_per_block;
  // No row is of a moment before this.
  Time rows_from = Time::min();
};

// Packs the chain whose last row is the target's last one at or before `last`, in one atomic write.
// Reading goes on meanwhile, appending to this target must not. What cannot be read stays as it is.
Result<void> PackChain(RocksDb& db, TargetId target, Time last, const PackingOptions& options);

// Packs all rows, of whatever moment, and joins short blocks with them and with each other, however
// few they are; one atomic write after the other. Gives the first failure once all is done that can
// be.
Result<void> PackRows(RocksDb& db, TargetId target, const PackingOptions& options);

// Puts blocks of what the units hold into the batch, and deletes the units. They must be all that
// is in their time, and in the order in which they begin. `is_kept`: which of the snapshots stay,
// in the order of time.
Result<void> Repack(RocksDb& db, TargetId target, const std::vector<HistoryUnit>& units,
                    const std::vector<bool>& is_kept, Time rows_from, bool is_short, Batch& batch);

}  // namespace heapwatch
