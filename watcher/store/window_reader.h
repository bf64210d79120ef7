// From stored history to what the analysis and the listings want to see of it.
#pragma once

#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/series/site_window.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/history.h"
#include "watcher/store/store.h"

namespace heapwatch {

Result<SiteWindow> ReadWindow(const History& history, const SiteAttributor& attributor,
                              Dictionary& dictionary);

Result<std::vector<SnapshotInfo>> ReadSnapshots(const History& history);

}  // namespace heapwatch
