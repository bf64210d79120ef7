// From the configuration to the targets that are scraped.
//
// As in Prometheus a target is first a set of labels, of which those that begin with `__` say how
// to reach it and are dropped afterwards:
//   DiscoveredLabels(job, {targets: ["10.0.0.1:6060"], labels: {version: v2}}, "10.0.0.1:6060")
//     -> {__address__="10.0.0.1:6060", __scheme__="http", __profile_path__="/debug/pprof/heap",
//         __scrape_interval__="1m", __scrape_timeout__="10s", job="api", version="v2"}
//        (and __metrics_path__ where the job has a metrics_path, __stop_scraping__ where it is
//        stopped)
//   relabel_configs rewrite these, or drop the target
//   MakeTarget(job, those) -> http://10.0.0.1:6060/debug/pprof/heap as
//     {instance="10.0.0.1:6060", job="api", service="api", version="v2"}
//     (where the rules took these away: the address, the job's name and what `job` says)
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "config/config.h"

namespace heapwatch {

// One target as it is scraped. Its labels are its identity: `job`, `instance` and `service` are
// always there.
struct Target {
  Labels labels;
  std::string url;               // "http://10.0.0.1:6060/debug/pprof/heap"
  std::string metrics_url = {};  // of its own metrics; "" where they are not asked for
  Duration interval{};
  Duration timeout{};
  std::size_t body_size_limit_bytes = 0;
  std::optional<std::int64_t> memory_limit_bytes;
  HttpClientConfig http = {};
  // Why it must not be scraped though it is watched; every scrape fails with it. "" for none.
  std::string refusal = {};
  // Why it is not scraped for now, as the configuration has it. "" for none.
  std::string stop_reason = {};
  // When discovery lost it: it is not scraped any more, and soon forgotten.
  std::optional<Time> lost = {};
  bool operator==(const Target&) const = default;
};

Labels DiscoveredLabels(const ScrapeConfig& job, const StaticConfig& group,
                        const std::string& address);

// Fails where the address, the scheme, the path or one of the durations cannot be used, and says
// which.
Result<Target> MakeTarget(const ScrapeConfig& job, const Labels& discovered);

// What one address of a group came to.
struct FoundTarget {
  Labels discovered;                     // before relabelling
  Result<std::optional<Target>> target;  // nullopt: the rules drop it; an error names the address
};
std::vector<FoundTarget> TargetsOf(const ScrapeConfig& job, const Relabeler& relabeler,
                                   const StaticConfig& group);

// All targets of the static_configs. In a configuration that was loaded none fails; of several that
// relabelling gave the same labels the first stays.
std::vector<Target> ExpandTargets(const Config& config);

// Checks "host:port" (a name, an IPv4 address, or an IPv6 address in brackets); the port may be
// left out.
Result<void> CheckAddress(std::string_view address);

bool IsLabelName(std::string_view name);

}  // namespace heapwatch
