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
#include "config/alert_rules.h"
#include "config/discovery_config.h"
#include "config/http_client_config.h"
#include "config/relabel.h"
#include "config/scrape_budget.h"

namespace heapwatch {

// What one job scrapes, and how. The interval and the timeout are those of `global` where the job
// does not set them.
struct ScrapeConfig {
  std::string job_name;
  Duration scrape_interval = std::chrono::minutes(1);
  Duration scrape_timeout = std::chrono::seconds(10);
  std::string scheme = "http";
  std::string profile_path = "/debug/pprof/heap";
  // Where the target tells of its process in Prometheus' text format; "" does not ask.
  std::string metrics_path = {};
  std::map<std::string, std::vector<std::string>> params;
  // Of the body as it comes over the wire and of what it inflates to, each.
  std::size_t body_size_limit_bytes = 64U << 20;
  // Of each process, where it is known; the label `__memory_limit__` overrides it per target.
  std::optional<std::int64_t> memory_limit_bytes;
  HttpClientConfig http = {};
  std::vector<StaticConfig> static_configs;
  std::vector<DiscoveryConfig> discovery_configs;  // of all mechanisms
  std::vector<RelabelConfig> relabel_configs;      // applied to each target, in this order
  // Why none of its targets is scraped for now; "" scrapes them. The label `__stop_scraping__`
  // overrides it per target.
  std::string stop_scraping = {};
  // With more targets than this after relabelling the job is not scraped at all; 0: no limit.
  std::size_t target_limit = 0;
  bool operator==(const ScrapeConfig&) const = default;
};

struct AlertmanagerConfig {
  std::vector<StaticConfig>
      static_configs;  // every member of the cluster, never a load balancer before it
  std::string scheme = "http";
  std::string path_prefix;  // "" or "/alertmanager"
  Duration timeout = std::chrono::seconds(10);
  HttpClientConfig http = {};
  bool operator==(const AlertmanagerConfig&) const = default;
};

// Who gets each alert as one JSON document when it fires and when it is resolved.
struct WebhookConfig {
  std::string url;
  Duration timeout = std::chrono::seconds(10);
  bool send_resolved = true;
  // Of one document; what is attached (pprof, SVG) is left out where it does not fit.
  std::size_t max_body_bytes = 1U << 20;
  HttpClientConfig http = {};
  bool operator==(const WebhookConfig&) const = default;
};

struct AlertingConfig {
  std::vector<AlertmanagerConfig> alertmanagers;
  std::vector<WebhookConfig> webhooks;
  // What holds where no rule says otherwise.
  AlertRule defaults;
  // The first that matches an alert applies; each begins as a copy of `defaults`.
  std::vector<AlertRule> rules;
  std::vector<MuteConfig> mutes;
  std::vector<LinkConfig> links;
  // From so many leaking sites of one service and version on, one alert tells of them all.
  std::size_t group_sites_from = 3;
  // The two heaps of an alert are pinned while it lives and so long after it.
  Duration keep_evidence_for = std::chrono::hours(24 * 14);
  // Firing alerts are sent again this often, so that a restarted Alertmanager learns of them.
  Duration resend_delay = std::chrono::minutes(1);
  bool operator==(const AlertingConfig&) const = default;
};

struct GlobalConfig {
  Duration scrape_interval = std::chrono::minutes(1);
  Duration scrape_timeout = std::chrono::seconds(10);
  Duration evaluation_interval = std::chrono::minutes(1);
  ScrapeBudgetConfig scrape_budget;
  Labels external_labels;          // added to every alert that leaves
  std::string stop_scraping = {};  // as in ScrapeConfig, for jobs that do not say it themselves
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
