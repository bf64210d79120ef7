// What all replicas of a service say together of each site, per version: the findings that may
// become alerts, one per (service, site, version). Pure; slopes in bytes per second and replica,
// intervals 95 %.
//
// Pooling. Replicas that run the same version under shares of the same load leak at the same rate,
// and their sampling errors are independent. The pooled slope is the gain of all over the time of
// all (the maximum-likelihood estimate of a common Poisson rate, and the inverse-variance mean of
// slopes whose variances follow from a common rate); its variance is the sum of theirs. With k
// equal replicas a leak is certain after 1/k of the time one of them needs. The interval is widened
// where the replicas differ by more than sampling lets them.
//
// A leak that one replica shows alone stays a finding, with `showing` 1 of `judged`: the worst
// verdict of any replica is the least a finding says.
//
// Versions. Against the version before, a site regresses where its slope lies surely above the one
// then, or where it allocates more than 1.5 times as much per unit of load. Nobody tells us the
// load; all sites allocate in step with it, so the median over the sites of new rate / old rate is
// what the load made of it.
//
// Example: checkout v2.4 on 16 replicas, site S gains 0.5 MiB/h on each. After 2 h one replica has
// 2 more samples than at its start (z = 1.3, "stable"); all of them have 32 (z = 5.2): a leak,
// {showing 15, judged 16, pooled}.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// The label by which replicas are told: `service`, else `job`.
std::string ServiceOf(const Labels& target);

// One target's latest evaluation. Replicas are the targets that share `service` (or `job` where no
// service is given) and `version`.
struct TargetResult {
  Labels target;
  std::span<const Site> sites;  // Verdict::site is an index into it
  std::span<const Verdict> verdicts;
  Time since;  // when the target's series begins; versions are put in order by it
  // No longer watched, and kept for the sake of the comparison with the version that came after.
  bool is_gone = false;
};

// Against a version that did not have the site, it is measured from a slope of zero.
struct VersionChange {
  std::string version_before;
  double slope_before = 0;
  Interval slope_interval_before;
  bool growth_is_new = false;  // grows surely faster than before
  // Allocations per unit of load, now over then; absent where too few were sampled to tell.
  std::optional<double> alloc_ratio;
  bool allocates_more = false;  // alloc_ratio is surely above 1.5
};

struct FleetFinding {
  std::string service;
  std::string version;
  Site site;
  VerdictKind kind = VerdictKind::kStable;
  std::string reason;  // one sentence, as Verdict::reason

  double slope_bytes_per_second = 0;  // of a replica, on average
  Interval slope_interval;
  double z = 0;                   // growth of all replicas over its sampling error
  double total_growth_bytes = 0;  // of all replicas
  // Whether only the pooled figures say so: no replica alone was sure enough.
  bool pooled = false;

  std::size_t showing = 0;        // replicas that show it
  std::size_t judged = 0;         // replicas that know the site and are past their warm-up
  std::size_t replica_count = 0;  // of the service and version
  // The replicas that show it, as indices into the results, worst first; and the verdict of each.
  struct Replica {
    std::size_t result = 0;
    std::size_t verdict = 0;
  };
  std::vector<Replica> replicas;

  std::optional<VersionChange> change;
};

// Findings for all sites that are not stable, and for those that regressed; worst first. Churn is
// not pooled: a replica churns or does not.
std::vector<FleetFinding> PoolFleet(std::span<const TargetResult> results,
                                    const TrendOptions& options);

}  // namespace heapwatch
