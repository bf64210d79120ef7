// The memory limits of the targets as the service knew them last, by its configuration or from the
// targets themselves: kept in the store beside the history, so that whoever exports a target's
// series has them judged as the service judged them. One writer at a time.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "analysis/base/error.h"
#include "watcher/scrape/target_status.h"
#include "watcher/store/store.h"
#include "watcher/store/target_id.h"

namespace heapwatch {

using MemoryLimits = std::map<TargetId, std::int64_t>;  // bytes

// Errors: kCorrupt, those of the store.
Result<MemoryLimits> ReadLimits(const Store& store);

// Brings them up to date with what the targets tell now. That of a target which is no longer
// watched, or was not asked again yet, stays as long as its history does. Writes only what changed;
// what cannot be read is begun anew. Errors: those of the store.
Result<void> KeepLimits(Store& store, const std::vector<TargetStatus>& statuses,
                        const std::vector<StoredTarget>& stored);

}  // namespace heapwatch
