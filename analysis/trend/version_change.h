// A version of a service against the one before, site by site: does it grow where it did not, does
// it allocate more for the same work? Pure.
#pragma once

#include <map>

#include "analysis/profile/site.h"
#include "analysis/trend/fleet.h"
#include "analysis/trend/pooled_stretch.h"

namespace heapwatch {

// How much more (or less) load a replica of the version now bears than one of the version before.
struct LoadRatio {
  double ratio = 1;
  double relative_error = 0;  // one standard error
};

// The median, over the sites both know and of which enough was sampled, of the allocation rate now
// over then; its error is that of the median of normal values, sqrt(pi / 2) times that of their
// mean, by the spread of the ratios' logarithms. nullopt for fewer than five such sites: their
// median could be the regression itself.
std::optional<LoadRatio> FindLoadRatio(const std::map<ContentHash, PooledStretch>& before,
                                       const std::map<ContentHash, PooledStretch>& now);

// Without version_before.
VersionChange CompareVersions(const PooledStretch& before, const PooledStretch& now,
                              const std::optional<LoadRatio>& load);

}  // namespace heapwatch
