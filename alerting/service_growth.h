// Growth that is not of one site but of a service: when requests pile up or goroutines hang, many
// sites leak at once, and one alert that names them all is worth more than one for each. Pure.
//
// Example: sites S (3 MiB/h on a, 2 MiB/h on b) and T (1 MiB/h on a) leak together:
//   one finding {service-growth, checkout, v2.4, leak}, replicas {a 4 MiB/h, b 2 MiB/h},
//   members {S, T}.
#pragma once

#include <string>
#include <vector>

#include "alerting/finding.h"

namespace heapwatch {

// What the growths of several sites of one service and version come to together. Of each replica
// the gains and the slopes add up, and so do their variances; where only all replicas together show
// the growth of a site, each has an equal part in it. The limit is reached when the sum of the
// slopes has used up the headroom. `members` must not be empty.
Finding JoinSites(std::vector<Finding> members);

// The key of what JoinSites makes of sites of that service and version.
FindingKey ServiceGrowthKey(std::string service, std::string version);

}  // namespace heapwatch
