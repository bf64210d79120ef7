// Targets that cannot be watched: as findings, one for each service, so that a service whose pods
// are all gone is one alert and not forty-eight. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// How the scraping of one target goes.
struct TargetHealth {
  Labels target;
  std::optional<Time> down_since;  // nothing where the last scrape brought a profile
  std::string error;
};

std::vector<Finding> GroupDownTargets(const std::vector<TargetHealth>& targets);

}  // namespace heapwatch
