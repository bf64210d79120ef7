// Whether a growth that was called a leak has come to a standstill.
//
// Asks what the time since it was last seen to leak has brought, beside what its pace promises.
// With less to do a leak grows more slowly: the promise is worked out from the bytes that the whole
// process allocated meanwhile, where they are told. Pure.
//
// Example: 4 MiB/h were alerted; the last 5 h, as busy as before, would have brought 20 MiB and
// brought 0.3, with a standard error of 2: the growth has ended.
#pragma once

#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

// Of a leak, when it was last seen to leak.
struct LeakPace {
  double slope_bytes_per_second = 0;
  double work_bytes_per_second = 0;  // of the whole process (WorkSince); 0: not told
  Time seen;
};

// Bytes per second that the process allocated since `from`; 0 where they are not told.
double WorkSince(const SiteWindow& window, const Timeline& life, Time from);

// Looks at stretches of at least `least_seconds` of the life that end now. False as long as they
// are too short, or too noisy, to tell. `period_bytes` is the sampling period.
bool IsAtStandstill(const SiteWindow& window, const Timeline& life, SiteId site,
                    const LeakPace& pace, double least_seconds, double period_bytes,
                    const TrendOptions& options);

}  // namespace heapwatch
