// What the load can explain of a site's growth, by the site's own allocation rate where that is
// sampled well enough. Pure.
//
// By Little's law (Operations Research 9, 1961) the memory of objects that come and go is the rate
// at which they are allocated times how long they live: it grows with the load, and no further. The
// fit takes this out where load and time can be told apart (plateau.h); while the load has only
// risen they cannot, and what it may explain is asked here.
#pragma once

#include <optional>
#include <span>

#include "analysis/trend/growth.h"
#include "analysis/trend/site_life.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

// Makes `own` the window with the site's own allocation rate as the load, which is a better guide
// than that of the process where it is sampled well enough; false where it is not. What `own` held
// for another site of the same window is used again.
bool TakeOwnLoad(const Timeline& life, const SiteLife& site, const TrendWindow& window,
                 std::optional<TrendWindow>& own);

// Growth::load_share; 0 where the rate did not rise or is not known.
double ShareOfLoad(const Timeline& life, const SiteLife& site, std::span<const double> sums,
                   const TrendWindow& window, const Growth& growth);

}  // namespace heapwatch
