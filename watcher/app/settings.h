// What a configuration file comes to, ready for use. Made whole or not at all and never changed:
// a reload puts another in its place.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "config/config.h"
#include "config/targets.h"

namespace heapwatch {

struct Settings {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const SiteAttributor> attributor;
  std::vector<Target> targets;  // those configured, or once they are watched those found as well
  std::optional<std::set<std::string>> found_jobs;  // see AlertState::Circumstances
};

// Errors are those of LoadConfig and SiteAttributor::Create.
Result<std::shared_ptr<const Settings>> LoadSettings(const std::string& config_file);

}  // namespace heapwatch
