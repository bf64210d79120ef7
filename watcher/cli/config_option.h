// --config.file of the sub-commands that work without a service: with it they name sites and judge
// them as a service with that configuration does, without it as one with the defaults.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/trend/analyze.h"

namespace heapwatch {

struct Judging {
  std::shared_ptr<const SiteAttributor> attributor;  // never null
  TrendOptions detection;
};

// `file` must live as long as `command`.
void AddConfigOption(CLI::App& command, std::string& file);
// What `file` says, "" for the defaults. Errors: those of the configuration.
Result<Judging> LoadJudging(const std::string& file);

}  // namespace heapwatch
