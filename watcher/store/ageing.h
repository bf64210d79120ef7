// What has become too old and is not pinned goes; see Store::Age.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "analysis/base/error.h"
#include "watcher/store/pin.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

struct LeftOver {
  // Of what is still there; `first` none: nothing is, `last` none: the last is as it was.
  std::optional<Time> first;
  std::optional<Time> last;
  std::size_t dropped = 0;  // snapshots
};

// Puts the deletion of what is over before `oldest` into the batch: whole blocks and whole chains.
Result<LeftOver> DropUnits(RocksDb& db, TargetId target, Time oldest,
                           const std::vector<PinnedSpan>& pinned, rocksdb::WriteBatch& batch);

}  // namespace heapwatch
