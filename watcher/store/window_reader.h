// From stored rows to what the analysis and the listings want to see of them.
#pragma once

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/series/site_window.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/row_scan.h"
#include "watcher/store/store.h"

namespace heapwatch {

// The window over the scan's snapshots from `from` on.
Result<SiteWindow> ReadWindow(RowScan& scan, Time from, const SiteAttributor& attributor,
                              Dictionary& dictionary);

// Of the snapshot the scan is at.
SnapshotInfo Summarize(const RowScan& scan);

}  // namespace heapwatch
