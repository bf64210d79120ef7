// Turns rows that have come to the end of their chain into a block.
#pragma once

#include "analysis/base/error.h"
#include "analysis/series/segment.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

// The chain whose last row is the target's last one at or before `last`. Reading goes on meanwhile,
// appending to this target must not. What cannot be read stays as it is.
Result<void> PackChain(RocksDb& db, TargetId target, Time last);

// A segment as a block, into the batch.
void PutBlock(RocksDb& db, TargetId target, const Segment& segment, rocksdb::WriteBatch& batch);

}  // namespace heapwatch
