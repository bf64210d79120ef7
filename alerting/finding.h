// A finding: one site of one service, the verdicts of its replicas taken together. One finding may
// become one alert.
//
// Pure. Replicas are the targets that share `service` (or `job` where no service is given) and
// `version`.
//
// Example: checkout v2.4 runs on a, b and c. Site S leaks on a (3 MiB/h) and b (5 MiB/h), is
// stable on c:
//   one finding {checkout, v2.4, S, leak}, replicas {b, a}, replica_count 3.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/strong_id.h"
#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// The verdicts of one target's latest evaluation.
struct TargetVerdicts {
  Labels target;
  Time evaluated;
  std::vector<Site> sites;  // Verdict::site is an index into it
  std::vector<Verdict> verdicts;
  // Distinct observations seen so far: tells evaluations of new GC cycles from repeated ones.
  std::uint64_t observation_count = 0;
};

struct ReplicaVerdict {
  Labels target;
  Verdict verdict;
};

// What a finding is about, however its verdict changes. Churn stands beside growth, not inside it.
struct FindingKey {
  std::string service;
  std::string version;
  ContentHash site;
  bool is_churn = false;
  auto operator<=>(const FindingKey&) const = default;
};

struct Finding {
  std::string service;
  std::string version;
  Site site;
  bool is_churn = false;
  VerdictKind kind = VerdictKind::kStable;  // of the worst replica
  std::vector<ReplicaVerdict>
      replicas;                   // those with this kind, worst first; may be empty, see `watched`
  std::size_t replica_count = 0;  // of the service and version, with or without the verdict
  std::uint64_t observation_count =
      0;                 // of all `replicas`: another number is another GC cycle on one of them
  Labels common_labels;  // that all targets of the service and version share, but for these two

  FindingKey key() const;
  // Whether people are to be told: a leak or a churn. Growth that may yet level off wakes nobody.
  bool is_alerting() const;
};

// Groups the latest verdicts of all targets, worst first. Stable and insufficient sites yield
// nothing, but for those `watched`: they yield a finding for as long as a target of their service
// and version knows the site or is still warming up, so that whoever raised an alert learns how its
// site goes on.
using WatchedSites = std::map<FindingKey, Site>;
std::vector<Finding> GroupFindings(const std::vector<TargetVerdicts>& targets,
                                   const WatchedSites& watched = {});

// The label by which replicas are told: `service`, else `job`.
std::string ServiceOf(const Labels& target);

}  // namespace heapwatch
