// What the addresses that show heaps have in common: the two moments, or the one, that a request
// names, read from the store and compared.
#pragma once

#include <string>

#include "analysis/base/error.h"
#include "analysis/profile/diff.h"
#include "watcher/api/read_views.h"
#include "watcher/net/http.h"

namespace heapwatch {

struct HeapSnapshot {
  StoredTarget target;
  HeapProfile profile;  // of the last snapshot at or before the time asked for

  std::string instance() const { return std::string(Get(target.labels, "instance")); }
  std::string taken() const { return profile.time ? FormatRfc3339(*profile.time) : ""; }
};

// The snapshot at the time that the parameter `time_name` gives.
Result<HeapSnapshot> ReadSnapshot(StoredTarget target, const HttpRequest& request,
                                  std::string_view time_name, const ReadViews& views);

struct HeapComparison {
  HeapSnapshot before;
  HeapSnapshot after;
  ProfileDiff diff;
};

// By the parameters target and t0, target1 (or target again) and t1, sample_type, normalize.
Result<HeapComparison> CompareSnapshots(const HttpRequest& request, const ReadViews& views);

// One moment as the change from an empty heap, so that all that shows a diff shows a heap as well:
// `after` is its level, the standard error that of the level. Parameters target, t, sample_type.
Result<HeapComparison> FromNothing(const HttpRequest& request, const ReadViews& views);

}  // namespace heapwatch
