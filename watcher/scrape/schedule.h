// When a target is scraped: at the same point of every interval, spread over it by a stable hash of
// the target.
//
// So targets do not crowd at the full minute, a restart keeps everyone's rhythm, and two watchers
// agree on it. The moments are those of the wall clock at which (Unix time mod interval) is the
// offset; a slow scrape skips the moments it has overslept. Pure.
#pragma once

#include <optional>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// In [0, interval).
Duration ScrapeOffset(const Labels& target, Duration interval);

// The next moment after `now`. Timers fire a little early at times, so the moment `last` that has
// just been served does not come again; one further off than an interval is from before the clock
// was set back, and is ignored.
Time NextScrape(Time now, std::optional<Time> last, Duration interval, Duration offset);

}  // namespace heapwatch
