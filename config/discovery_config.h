// How a job finds its targets while the service runs, named as in Prometheus' *_sd_configs. Each
// mechanism finds groups: addresses with labels, of which those that begin with `__meta_` tell
// where they were found (watcher/discovery). Plain data.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "config/http_client_config.h"

namespace heapwatch {

// Addresses that share their labels. One that is configured has "host:port"; one that was found may
// have anything that relabelling makes an address of.
struct StaticConfig {
  std::vector<std::string> targets;
  Labels labels;  // service, version, region, ...
  bool operator==(const StaticConfig&) const = default;
};

struct FileSdConfig {
  // Each may have one * in its last part. JSON or YAML by their ending.
  std::vector<std::string> files;
  Duration refresh_interval = std::chrono::minutes(5);  // where the system tells of no change
  bool operator==(const FileSdConfig&) const = default;
};

using DiscoveryConfig = std::variant<FileSdConfig>;

// "file": as metrics, messages and the API name it.
std::string_view MechanismOf(const DiscoveryConfig& config);
// Where it looks, for people: "targets/*.json".
std::string PlaceOf(const DiscoveryConfig& config);

}  // namespace heapwatch
