#include "alerting/finding.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace heapwatch {
namespace {

using Group = std::pair<std::string, std::string>;  // service and version

// Higher is worse. Churn is judged against its own: see FindingKey.
int Rank(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kInsufficientData:
      return 0;
    case VerdictKind::kStable:
      return 1;
    case VerdictKind::kPlateau:
      return 2;
    case VerdictKind::kGrowing:
      return 3;
    case VerdictKind::kLeak:
    case VerdictKind::kChurn:
      return 4;
  }
  return 0;
}

double Badness(const Finding& finding, const Verdict& verdict) {
  return finding.is_churn ? verdict.alloc_bytes_per_second.value_or(0)
                          : verdict.slope_bytes_per_second;
}

struct GroupFacts {
  std::size_t replica_count = 0;
  std::size_t warming_up = 0;
  std::optional<Labels> common;
};

// Nothing but insufficient data: the process is new, and sites may be missing that will come back.
bool IsWarmingUp(const TargetVerdicts& target) {
  return std::all_of(target.verdicts.begin(), target.verdicts.end(),
                     [](const Verdict& v) { return v.kind == VerdictKind::kInsufficientData; });
}

std::map<Group, GroupFacts> GroupTargets(const std::vector<TargetVerdicts>& targets) {
  std::map<Group, GroupFacts> groups;
  for (const TargetVerdicts& target : targets) {
    GroupFacts& facts =
        groups[{ServiceOf(target.target), std::string(Get(target.target, "version"))}];
    ++facts.replica_count;
    if (IsWarmingUp(target)) ++facts.warming_up;
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

void AddReplica(Finding& finding, const TargetVerdicts& target, const Verdict& verdict) {
  if (finding.replicas.empty() || Rank(verdict.kind) > Rank(finding.kind)) {
    finding.kind = verdict.kind;
    finding.replicas.clear();
    finding.observation_count = 0;
  }
  if (Rank(verdict.kind) < Rank(finding.kind)) return;
  finding.replicas.push_back({target.target, verdict});
  finding.observation_count += target.observation_count;
}

// Fills in what only the whole group tells, and puts the worst first.
std::vector<Finding> Sorted(std::map<FindingKey, Finding> findings,
                            const std::map<Group, GroupFacts>& groups) {
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (auto& [key, finding] : findings) {
    const GroupFacts& facts = groups.at({key.service, key.version});
    finding.replica_count = facts.replica_count;
    finding.common_labels = facts.common.value_or(Labels{});
    std::stable_sort(finding.replicas.begin(), finding.replicas.end(),
                     [&](const ReplicaVerdict& a, const ReplicaVerdict& b) {
                       return Badness(finding, a.verdict) > Badness(finding, b.verdict);
                     });
    sorted.push_back(std::move(finding));
  }
  const auto order = [](const Finding& f) {
    const double worst = f.replicas.empty() ? 0 : Badness(f, f.replicas.front().verdict);
    return std::tuple(-Rank(f.kind), f.is_churn, -worst);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  return sorted;
}

}  // namespace

std::string ServiceOf(const Labels& target) {
  const std::string_view service = Get(target, "service");
  return std::string(service.empty() ? Get(target, "job") : service);
}

FindingKey Finding::key() const { return {service, version, site.id(), is_churn}; }

bool Finding::is_alerting() const {
  return kind == VerdictKind::kLeak || kind == VerdictKind::kChurn;
}

std::vector<Finding> GroupFindings(const std::vector<TargetVerdicts>& targets,
                                   const WatchedSites& watched) {
  const auto groups = GroupTargets(targets);
  std::map<FindingKey, Finding> findings;
  const auto add = [&](FindingKey key, const TargetVerdicts& target, const Verdict& verdict) {
    const bool is_noteworthy = Rank(verdict.kind) >= Rank(VerdictKind::kPlateau) &&
                               key.is_churn == (verdict.kind == VerdictKind::kChurn);
    if (!is_noteworthy && !watched.contains(key)) return;
    Finding& finding = findings[key];
    if (finding.replicas.empty()) {
      finding.service = key.service;
      finding.version = key.version;
      finding.site = target.sites[verdict.site.index()];
      finding.is_churn = key.is_churn;
    }
    // A site that churns is, for the growth it was watched for, one that is stable; and the other
    // way round.
    Verdict own = verdict;
    if ((own.kind == VerdictKind::kChurn) != key.is_churn &&
        Rank(own.kind) == Rank(VerdictKind::kLeak))
      own.kind = VerdictKind::kStable;
    AddReplica(finding, target, own);
  };
  for (const TargetVerdicts& target : targets) {
    FindingKey key{ServiceOf(target.target), std::string(Get(target.target, "version")), {}, false};
    for (const Verdict& verdict : target.verdicts) {
      if (watched.empty() && Rank(verdict.kind) < Rank(VerdictKind::kPlateau)) continue;
      key.site = target.sites[verdict.site.index()].id();
      for (const bool is_churn : {false, true}) {
        key.is_churn = is_churn;
        add(key, target, verdict);
      }
    }
  }
  for (const auto& [key, site] : watched) {
    const auto group = groups.find({key.service, key.version});
    if (group == groups.end() || group->second.warming_up == 0) continue;
    Finding& finding = findings[key];
    if (!finding.replicas.empty()) continue;
    finding.service = key.service;
    finding.version = key.version;
    finding.site = site;
    finding.is_churn = key.is_churn;
    finding.kind = VerdictKind::kInsufficientData;
  }
  return Sorted(std::move(findings), groups);
}

}  // namespace heapwatch
