// The series of a few sites from stored history, with as little read as their chunks allow.
#pragma once

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/history.h"
#include "watcher/store/store.h"

namespace heapwatch {

Result<SomeSeries> ReadSeries(const History& history, const SiteAttributor& attributor,
                              Dictionary& dictionary, const SiteFilter& wanted);

}  // namespace heapwatch
