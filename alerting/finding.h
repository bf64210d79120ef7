// A finding: one problem of one service and version, seen over all its replicas. One finding may
// become one alert.
//
// Pure. Replicas are the targets that share `service` (or `job` where no service is given) and
// `version`.
//
// Example: checkout v2.4 runs on a, b and c. Site S leaks on a (3 MiB/h) and b (5 MiB/h), is
// stable on c:
//   one finding {growth, checkout, v2.4, S, leak}, replicas {b, a}, replica_count 3.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/strong_id.h"
#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/fleet.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// The verdicts of one target's latest evaluation.
struct TargetVerdicts {
  Labels target;
  Time evaluated;
  std::vector<Site> sites;  // Verdict::site is an index into it
  std::vector<Verdict> verdicts;
  std::optional<Verdict> outside_heap = std::nullopt;  // see analysis/trend/outside_heap.h
  std::optional<Time> watched_since;                   // its oldest snapshot
  // No longer watched; kept for the sake of the comparison with the version that came after.
  bool is_gone = false;
};

// What one replica says of the problem.
struct ReplicaVerdict {
  Labels target;
  Verdict verdict;
  // Of its whole process, over all sites.
  double process_inuse_bytes = 0;
  double process_alloc_bytes_per_second = 0;
};

// What stands beside each other: a site that grows may churn as well, and each is a finding.
enum class Problem : std::uint8_t {
  kGrowth,
  kServiceGrowth,  // many sites of one service together; see service_growth.h
  kChurn,
  kRegression,  // it allocates more for the same load than the version before
  kTargetDown,  // see target_down.h
};
std::string_view ToString(Problem problem);  // "growth", "service-growth", ...
std::optional<Problem> ProblemFromString(std::string_view name);

// What a finding is about, however its verdict changes.
struct FindingKey {
  Problem problem = Problem::kGrowth;
  std::string service;
  std::string version;
  ContentHash site;
  auto operator<=>(const FindingKey&) const = default;
};

// A target from which no heap profile can be had.
struct DownTarget {
  Labels target;
  Time since;
  std::string error;
};

// What all replicas together say of a growth; see analysis/trend/fleet.h.
struct PooledGrowth {
  double slope_bytes_per_second = 0;  // of a replica, on average
  Interval slope_interval;
  double z = 0;
  double total_growth_bytes = 0;  // of all replicas
  bool only_together = false;     // no replica alone was sure enough
};

struct Finding {
  Problem problem = Problem::kGrowth;
  std::string service;
  std::string version;
  Site site;
  VerdictKind kind = VerdictKind::kStable;  // of the worst replica, or of all together
  std::string reason;                       // one sentence for whoever is woken by it
  // Those that show it, worst first; may be empty, see `watched`.
  std::vector<ReplicaVerdict> replicas;
  std::size_t replica_count = 0;  // of the service and version, with or without the verdict
  // That all targets of the service and version share, but for these two.
  Labels common_labels;
  // Since when the first replica of this version has been watched.
  std::optional<Time> watched_since;
  std::optional<PooledGrowth> pooled;   // of a growth
  std::optional<VersionChange> change;  // against the version before, where that is known
  std::vector<Finding> members;         // of a service-wide growth: its sites, worst first
  std::vector<DownTarget> down;         // longest first

  FindingKey key() const;
  // About memory that grows, of one site or of many.
  bool is_growth() const {
    return problem == Problem::kGrowth || problem == Problem::kServiceGrowth;
  }
  // A growth that no replica alone is sure of.
  bool only_together() const { return pooled && pooled->only_together; }
};

// Groups the latest verdicts of all targets, worst first; growth is pooled over the replicas.
// Stable and insufficient sites yield nothing, but for those `watched`: they yield a finding for as
// long as a target of their service and version knows the site or is still warming up, so that
// whoever raised an alert learns how its site goes on.
using WatchedSites = std::map<FindingKey, Site>;
std::vector<Finding> GroupFindings(const std::vector<TargetVerdicts>& targets,
                                   const WatchedSites& watched = {},
                                   const TrendOptions& options = {});

}  // namespace heapwatch
