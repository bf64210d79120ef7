// The configuration as structs: what heapwatch.yml says, with defaults filled in. Loaded by load.h,
// documented field by field in examples/heapwatch.yml. Every field takes effect on reload. Plain
// data; sizes in bytes, durations in milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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
  bool operator==(const StaticConfig&) const = default;
};

// What one job scrapes, and how. The interval and the timeout are those of `global` where the job
// does not set them.
struct ScrapeConfig {
  std::string job_name;
  Duration scrape_interval = std::chrono::minutes(1);
  Duration scrape_timeout = std::chrono::seconds(10);
  std::string scheme = "http";
  std::string profile_path = "/debug/pprof/heap";
  std::map<std::string, std::vector<std::string>> params;
  // Of the body as it comes over the wire and of what it inflates to, each.
  std::size_t body_size_limit_bytes = 64U << 20;
  // Of each process, where it is known; the label `__memory_limit__` overrides it per target.
  std::optional<std::int64_t> memory_limit_bytes;
  std::vector<StaticConfig> static_configs;
  bool operator==(const ScrapeConfig&) const = default;
};

struct AlertmanagerConfig {
  std::vector<StaticConfig>
      static_configs;  // every member of the cluster, never a load balancer before it
  std::string scheme = "http";
  std::string path_prefix;  // "" or "/alertmanager"
  Duration timeout = std::chrono::seconds(10);
  bool operator==(const AlertmanagerConfig&) const = default;
};

struct AlertingConfig {
  std::vector<AlertmanagerConfig> alertmanagers;
  // An alert fires once its verdict has held this long ...
  Duration hold_for = Duration(0);
  // ... and over this many evaluations that each saw a new GC cycle.
  std::size_t evaluations = 3;
  // It stays this long after its verdict is gone.
  Duration keep_firing_for = std::chrono::minutes(15);
  // Firing alerts are sent again this often, so that a restarted Alertmanager learns of them.
  Duration resend_delay = std::chrono::minutes(1);
  // Severity is "page" where the process reaches its limit within this time even at the slow end of
  // the slope's interval, else "ticket".
  Duration page_within = std::chrono::hours(24);
  bool operator==(const AlertingConfig&) const = default;
};

struct GlobalConfig {
  Duration scrape_interval = std::chrono::minutes(1);
  Duration scrape_timeout = std::chrono::seconds(10);
  Duration evaluation_interval = std::chrono::minutes(1);
  Labels external_labels;  // added to every alert that leaves
  bool operator==(const GlobalConfig&) const = default;
};

struct StorageConfig {
  Duration retention = std::chrono::hours(24 * 30);
  bool operator==(const StorageConfig&) const = default;
};

struct Config {
  GlobalConfig global;
  std::vector<ScrapeConfig> scrape_configs;
  SiteRules site_rules;
  TrendOptions detection;
  AlertingConfig alerting;
  StorageConfig storage;
  bool operator==(const Config&) const = default;
};

}  // namespace heapwatch
