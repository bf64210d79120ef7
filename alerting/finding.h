// A finding: one site of one service, the verdicts of its replicas taken together. One finding may become one alert.
//
// Pure. Replicas are the targets that share `service` (or `job` where no service is given) and `version`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/base/labels.h"
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

struct Finding {
  std::string service;
  std::string version;
  Site site;
  VerdictKind kind = VerdictKind::kStable;  // of the worst replica
  std::vector<ReplicaVerdict> replicas;     // those with this kind, worst first
  std::size_t replica_count = 0;            // of the service, with or without the verdict
  std::uint64_t observation_count = 0;      // of the worst replica
};

// Groups the latest verdicts of all targets; stable and insufficient sites yield nothing.
std::vector<Finding> GroupFindings(const std::vector<TargetVerdicts>& targets);

}  // namespace heapwatch
