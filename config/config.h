// The configuration as structs: what heapwatch.yml says, with defaults filled in. Loaded by load.h, documented field by field
// in examples/heapwatch.yml. Every field takes effect on reload unless it says "restart". Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "analysis/trend/analyze.h"

namespace heapwatch {

struct StaticConfig {
  std::vector<std::string> targets;  // "host:port"
  Labels labels;                     // service, version, region, ...
};

// How to get at a peer; shared by jobs and receivers. Later issues of this struct carry TLS and authentication.
struct ScrapeConfig {
  std::string job_name;
  Duration scrape_interval = std::chrono::seconds(60);
  Duration scrape_timeout = std::chrono::seconds(10);
  std::string scheme = "http";
  std::string profile_path = "/debug/pprof/heap";
  std::map<std::string, std::vector<std::string>> params;
  std::size_t body_size_limit_bytes = 64U << 20;
  // Memory limit of each process, where it is known; the label `__heapwatch_limit_bytes__` overrides it per target.
  std::optional<std::int64_t> limit_bytes;
  std::vector<StaticConfig> static_configs;
};

struct AlertmanagerConfig {
  std::vector<std::string> targets;  // every member of the cluster, "host:port"
  std::string scheme = "http";
  std::string path_prefix;
  Duration timeout = std::chrono::seconds(10);
};

struct AlertingConfig {
  std::vector<AlertmanagerConfig> alertmanagers;
  Duration resend_delay = std::chrono::minutes(1);
  // A verdict must hold this long, and over this many evaluations on distinct GC cycles, before it alerts.
  Duration hold = std::chrono::minutes(0);
  std::size_t evaluations = 3;
  // How long an alert stays after its verdict is gone.
  Duration keep_firing = std::chrono::minutes(15);
};

struct GlobalConfig {
  Duration scrape_interval = std::chrono::seconds(60);
  Duration scrape_timeout = std::chrono::seconds(10);
  Duration evaluation_interval = std::chrono::seconds(60);
  Labels external_labels;
};

struct StorageConfig {
  Duration retention = std::chrono::hours(24 * 30);
};

struct Config {
  GlobalConfig global;
  std::vector<ScrapeConfig> scrape_configs;
  SiteRules site_rules;
  TrendOptions detection;
  AlertingConfig alerting;
  StorageConfig storage;
};

// One target as it will be scraped: a static target with its job's labels, `job` and `instance` filled in.
struct Target {
  Labels labels;
  std::string url;  // "http://10.0.0.1:6060/debug/pprof/heap"
  Duration interval;
  Duration timeout;
  std::size_t body_size_limit_bytes;
  std::optional<std::int64_t> limit_bytes;
};

std::vector<Target> ExpandTargets(const Config& config);

}  // namespace heapwatch
