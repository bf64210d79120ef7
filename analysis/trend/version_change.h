// A version of a service against the one before, site by site: does it grow where it did not, does
// it allocate more for the same work? Pure.
#pragma once

#include <map>

#include "analysis/profile/site.h"
#include "analysis/trend/fleet.h"
#include "analysis/trend/pooled_stretch.h"

namespace heapwatch {

// How much more (or less) load a replica of the version now bears than one of the version before:
// the median, over the sites both know and of which enough was sampled, of the allocation rate now
// over then. nullopt for fewer than five such sites: their median could be the regression itself.
std::optional<double> LoadRatio(const std::map<ContentHash, PooledStretch>& before,
                                const std::map<ContentHash, PooledStretch>& now);

// Without version_before.
VersionChange CompareVersions(const PooledStretch& before, const PooledStretch& now,
                              std::optional<double> load_ratio);

}  // namespace heapwatch
