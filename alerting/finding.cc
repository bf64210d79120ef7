#include "alerting/finding.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/trend/outside_heap.h"
#include "analysis/trend/verdict_rank.h"

namespace heapwatch {
namespace {

using Group = std::pair<std::string, std::string>;  // service and version

constexpr std::pair<Problem, std::string_view> kProblemNames[] = {
    {Problem::kGrowth, "growth"},
    {Problem::kServiceGrowth, "service-growth"},
    {Problem::kChurn, "churn"},
    {Problem::kRegression, "regression"},
    {Problem::kTargetDown, "target-down"}};

double Badness(const Finding& finding, const Verdict& verdict) {
  return finding.is_growth() ? verdict.slope_bytes_per_second
                             : verdict.alloc_bytes_per_second.value_or(0);
}

struct GroupFacts {
  std::size_t replica_count = 0;
  std::size_t warming_up = 0;
  std::optional<Labels> common;
  std::optional<Time> watched_since;
};

// Nothing but insufficient data: the process is new, and sites may be missing that will come back.
bool IsWarmingUp(const TargetVerdicts& target) {
  return std::all_of(target.verdicts.begin(), target.verdicts.end(),
                     [](const Verdict& v) { return v.kind == VerdictKind::kInsufficientData; });
}

std::map<Group, GroupFacts> GroupTargets(const std::vector<TargetVerdicts>& targets) {
  std::map<Group, GroupFacts> groups;
  for (const TargetVerdicts& target : targets) {
    if (target.is_gone) continue;
    GroupFacts& facts =
        groups[{ServiceOf(target.target), std::string(Get(target.target, "version"))}];
    ++facts.replica_count;
    if (IsWarmingUp(target)) ++facts.warming_up;
    if (target.watched_since &&
        (!facts.watched_since || *target.watched_since < *facts.watched_since))
      facts.watched_since = target.watched_since;
    if (!facts.common) {
      facts.common = target.target;
      for (const char* name : {"service", "version", "instance"}) facts.common->erase(name);
    }
    std::erase_if(*facts.common, [&](const auto& label) {
      return Get(target.target, label.first) != label.second;
    });
  }
  return groups;
}

// A replica without a verdict yet: what its process holds and allocates altogether.
ReplicaVerdict ProcessOf(const TargetVerdicts& target) {
  ReplicaVerdict replica{.target = target.target, .verdict = {}};
  for (const Verdict& verdict : target.verdicts) {
    replica.process_inuse_bytes += verdict.inuse_bytes;
    replica.process_alloc_bytes_per_second += verdict.alloc_bytes_per_second.value_or(0);
  }
  return replica;
}

void AddReplica(Finding& finding, ReplicaVerdict replica) {
  const VerdictKind kind = replica.verdict.kind;
  if (finding.replicas.empty() || RankOf(kind) > RankOf(finding.kind)) {
    finding.kind = kind;
    finding.replicas.clear();
  }
  if (RankOf(kind) == RankOf(finding.kind)) finding.replicas.push_back(std::move(replica));
}

Finding Begin(const FindingKey& key, const Site& site) {
  Finding finding;
  finding.problem = key.problem;
  finding.service = key.service;
  finding.version = key.version;
  finding.site = site;
  return finding;
}

// What the replicas say one by one, growth and churn each by itself.
void AddTarget(const TargetVerdicts& target, const WatchedSites& watched,
               std::map<FindingKey, Finding>& findings) {
  const ReplicaVerdict process = ProcessOf(target);
  FindingKey key{
      Problem::kGrowth, ServiceOf(target.target), std::string(Get(target.target, "version")), {}};
  const auto add = [&](const Site& site, const Verdict& verdict) {
    if (watched.empty() && RankOf(verdict.kind) < RankOf(VerdictKind::kPlateau)) return;
    key.site = site.id();
    for (const Problem problem : {Problem::kGrowth, Problem::kChurn}) {
      key.problem = problem;
      const bool is_churn = verdict.kind == VerdictKind::kChurn;
      const bool is_of_this_problem = (problem == Problem::kChurn) == is_churn;
      const bool is_noteworthy =
          RankOf(verdict.kind) >= RankOf(VerdictKind::kPlateau) && is_of_this_problem;
      if (!is_noteworthy && !watched.contains(key)) continue;
      ReplicaVerdict replica = process;
      replica.verdict = verdict;
      // A site that churns is, for the growth it was watched for, one that is stable; and the other
      // way round.
      if (!is_of_this_problem && RankOf(verdict.kind) > RankOf(VerdictKind::kPlateau))
        replica.verdict.kind = VerdictKind::kStable;
      AddReplica(findings.try_emplace(key, Begin(key, site)).first->second, std::move(replica));
    }
  };
  for (const Verdict& verdict : target.verdicts) add(target.sites[verdict.site.index()], verdict);
  if (target.outside_heap) add(OutsideHeapSite(), *target.outside_heap);
}

std::vector<ReplicaVerdict> ReplicasOf(const FleetFinding& fleet,
                                       const std::vector<TargetVerdicts>& targets,
                                       const std::vector<ReplicaVerdict>& processes) {
  std::vector<ReplicaVerdict> replicas;
  for (const FleetFinding::Replica& replica : fleet.replicas) {
    replicas.push_back(processes[replica.result]);
    replicas.back().verdict = targets[replica.result].verdicts[replica.verdict];
  }
  return replicas;
}

// What they say together, and against the version before.
void AddPooled(const std::vector<TargetVerdicts>& targets, const TrendOptions& options,
               std::map<FindingKey, Finding>& findings) {
  std::vector<TargetResult> results;
  std::vector<ReplicaVerdict> processes;
  for (const TargetVerdicts& target : targets) {
    processes.push_back(ProcessOf(target));
    results.push_back({.target = target.target,
                       .sites = target.sites,
                       .verdicts = target.verdicts,
                       .since = target.watched_since.value_or(target.evaluated),
                       .is_gone = target.is_gone});
  }
  for (const FleetFinding& fleet : PoolFleet(results, options)) {
    FindingKey key{Problem::kRegression, fleet.service, fleet.version, fleet.site.id()};
    if (fleet.change && fleet.change->allocates_more) {
      Finding& finding = findings.try_emplace(key, Begin(key, fleet.site)).first->second;
      finding.kind = fleet.kind;
      finding.replicas = ReplicasOf(fleet, targets, processes);
      finding.change = fleet.change;
    }
    if (RankOf(fleet.kind) < RankOf(VerdictKind::kPlateau) || fleet.kind == VerdictKind::kChurn)
      continue;
    key.problem = Problem::kGrowth;
    Finding& finding = findings.try_emplace(key, Begin(key, fleet.site)).first->second;
    finding.kind = fleet.kind;
    finding.reason = fleet.reason;
    finding.replicas = ReplicasOf(fleet, targets, processes);
    finding.pooled = PooledGrowth{.slope_bytes_per_second = fleet.slope_bytes_per_second,
                                  .slope_interval = fleet.slope_interval,
                                  .z = fleet.z,
                                  .total_growth_bytes = fleet.total_growth_bytes,
                                  .only_together = fleet.pooled};
    finding.change = fleet.change;
  }
}

// Fills in what only the whole group tells, and puts the worst first.
std::vector<Finding> Sorted(std::map<FindingKey, Finding>&& findings,
                            const std::map<Group, GroupFacts>& groups) {
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (auto& entry : findings) {
    Finding& finding = entry.second;
    const GroupFacts& facts = groups.at({entry.first.service, entry.first.version});
    finding.replica_count = facts.replica_count;
    finding.common_labels = facts.common.value_or(Labels{});
    finding.watched_since = facts.watched_since;
    std::stable_sort(finding.replicas.begin(), finding.replicas.end(),
                     [&](const ReplicaVerdict& a, const ReplicaVerdict& b) {
                       return Badness(finding, a.verdict) > Badness(finding, b.verdict);
                     });
    if (finding.reason.empty() && !finding.replicas.empty())
      finding.reason = finding.replicas.front().verdict.reason;
    sorted.push_back(std::move(finding));
  }
  const auto order = [](const Finding& f) {
    const double worst = f.replicas.empty() ? 0 : Badness(f, f.replicas.front().verdict);
    return std::tuple(-RankOf(f.kind), f.problem, -worst);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  return sorted;
}

}  // namespace

std::string_view ToString(Problem problem) {
  for (const auto& [known, name] : kProblemNames)
    if (known == problem) return name;
  return "unknown";
}

std::optional<Problem> ProblemFromString(std::string_view name) {
  for (const auto& [problem, known] : kProblemNames)
    if (known == name) return problem;
  return std::nullopt;
}

FindingKey Finding::key() const { return {problem, service, version, site.id()}; }

std::vector<Finding> GroupFindings(const std::vector<TargetVerdicts>& targets,
                                   const WatchedSites& watched, const TrendOptions& options) {
  const auto groups = GroupTargets(targets);
  std::map<FindingKey, Finding> findings;
  for (const TargetVerdicts& target : targets)
    if (!target.is_gone) AddTarget(target, watched, findings);
  AddPooled(targets, options, findings);
  for (const auto& [key, site] : watched) {
    const auto group = groups.find({key.service, key.version});
    if (group == groups.end() || group->second.warming_up == 0) continue;
    const auto [it, is_new] = findings.try_emplace(key, Begin(key, site));
    if (is_new) it->second.kind = VerdictKind::kInsufficientData;
  }
  return Sorted(std::move(findings), groups);
}

}  // namespace heapwatch
