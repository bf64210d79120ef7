#include "analysis/trend/fleet.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/base/units.h"
#include "analysis/trend/explain.h"
#include "analysis/trend/pooled_stretch.h"
#include "analysis/trend/verdict_rank.h"
#include "analysis/trend/version_change.h"

namespace heapwatch {
namespace {

// A growth of which less than this share came before a part of the life began in that part.
constexpr double kEarlierShare = 0.25;

struct VersionKey {
  std::string service;
  std::string version;
  auto operator<=>(const VersionKey&) const = default;
};

struct Version {
  std::optional<Time> since;
  std::size_t replica_count = 0;
  // Per site, what each target says of it.
  std::map<ContentHash, std::vector<FleetFinding::Replica>> sites;
  std::set<ContentHash> undecided;  // sites of which some target cannot tell yet
};

using Versions = std::map<VersionKey, Version>;

Versions GroupByVersion(std::span<const TargetResult> results) {
  Versions versions;
  for (std::size_t r = 0; r < results.size(); ++r) {
    const TargetResult& result = results[r];
    Version& version =
        versions[{ServiceOf(result.target), std::string(Get(result.target, "version"))}];
    if (!version.since || result.since < *version.since) version.since = result.since;
    if (!result.is_gone) ++version.replica_count;
    for (std::size_t v = 0; v < result.verdicts.size(); ++v) {
      const Verdict& verdict = result.verdicts[v];
      const ContentHash site = result.sites[verdict.site.index()].id();
      if (verdict.kind == VerdictKind::kInsufficientData) {
        version.undecided.insert(site);
      } else {
        version.sites[site].push_back({r, v});
      }
    }
  }
  return versions;
}

// The latest version of the same service that began before this one.
const Versions::value_type* VersionBefore(const Versions& versions,
                                          const Versions::value_type& now) {
  const Versions::value_type* best = nullptr;
  for (auto it = versions.lower_bound({now.first.service, ""});
       it != versions.end() && it->first.service == now.first.service; ++it) {
    if (it->first == now.first || !(it->second.since < now.second.since)) continue;
    if (best == nullptr || best->second.since < it->second.since) best = &*it;
  }
  return best;
}

class Pool {
 public:
  Pool(std::span<const TargetResult> results, const TrendOptions& options)
      : results_(results), options_(options), versions_(GroupByVersion(results)) {}

  std::vector<FleetFinding> Findings() const {
    std::vector<FleetFinding> out;
    for (const auto& version : versions_) {
      if (version.second.replica_count == 0) continue;
      const Versions::value_type* before = VersionBefore(versions_, version);
      const auto load = before == nullptr ? std::nullopt
                                          : FindLoadRatio(WholeLives(*before), WholeLives(version));
      for (const auto& [id, replicas] : version.second.sites) {
        FleetFinding finding = Judge(version, replicas);
        if (before != nullptr) finding.change = ChangeSince(*before, id, replicas, load);
        const bool regressed = finding.change && finding.change->allocates_more;
        if (finding.judged == 0) continue;
        if (RankOf(finding.kind) < RankOf(VerdictKind::kPlateau) && !regressed) continue;
        finding.reason = Explain(finding);
        out.push_back(std::move(finding));
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const FleetFinding& a, const FleetFinding& b) {
      return std::tuple(-RankOf(a.kind), -a.slope_bytes_per_second) <
             std::tuple(-RankOf(b.kind), -b.slope_bytes_per_second);
    });
    return out;
  }

 private:
  using Replicas = std::vector<FleetFinding::Replica>;

  // A site that the version before, which was judged, did not have stood still in it.
  std::optional<VersionChange> ChangeSince(const Versions::value_type& before,
                                           const ContentHash& site, const Replicas& replicas,
                                           const std::optional<LoadRatio>& load) const {
    const auto& [key, version] = before;
    const auto known = version.sites.find(site);
    const bool is_known = known != version.sites.end();
    if (!is_known && (version.sites.empty() || version.undecided.contains(site)))
      return std::nullopt;
    VersionChange change =
        CompareVersions(is_known ? Whole(known->second) : PooledStretch{}, Whole(replicas), load);
    change.version_before = key.version;
    // What grew before the deploy, be it under another name, came with no new version.
    const auto carried = [&](const FleetFinding::Replica& replica) {
      return VerdictOf(replica).carried_over_restart;
    };
    if (std::any_of(replicas.begin(), replicas.end(), carried)) change.growth_is_new = false;
    return change;
  }

  const Verdict& VerdictOf(const FleetFinding::Replica& replica) const {
    return results_[replica.result].verdicts[replica.verdict];
  }

  // The figures of one part of the life, from every replica that has them.
  std::vector<Stretch> Stretches(const Replicas& replicas, std::size_t share) const {
    std::vector<Stretch> out;
    for (const auto& replica : replicas) {
      const auto& stretch = VerdictOf(replica).stretches[share];
      if (stretch) out.push_back(*stretch);
    }
    return out;
  }
  PooledStretch Whole(const Replicas& replicas) const {
    return PoolStretches(Stretches(replicas, 0));
  }
  std::map<ContentHash, PooledStretch> WholeLives(const Versions::value_type& version) const {
    std::map<ContentHash, PooledStretch> out;
    for (const auto& [id, replicas] : version.second.sites) out.emplace(id, Whole(replicas));
    return out;
  }

  FleetFinding Judge(const Versions::value_type& version, const Replicas& all) const;
  void TakePooled(FleetFinding& finding, const Replicas& replicas) const;
  std::string Explain(const FleetFinding& finding) const;

  std::span<const TargetResult> results_;
  const TrendOptions& options_;
  Versions versions_;
};

FleetFinding Pool::Judge(const Versions::value_type& version, const Replicas& all) const {
  FleetFinding out;
  out.service = version.first.service;
  out.version = version.first.version;
  out.replica_count = version.second.replica_count;
  Replicas replicas;
  for (const auto& replica : all) {
    if (!results_[replica.result].is_gone) replicas.push_back(replica);
  }
  out.judged = replicas.size();
  if (replicas.empty()) return out;
  out.site = results_[replicas.front().result].sites[VerdictOf(replicas.front()).site.index()];
  out.kind = VerdictOf(replicas.front()).kind;
  for (const auto& replica : replicas) {
    const VerdictKind kind = VerdictOf(replica).kind;
    if (RankOf(kind) > RankOf(out.kind)) out.kind = kind;
  }
  for (const auto& replica : replicas) {
    if (VerdictOf(replica).kind == out.kind) out.replicas.push_back(replica);
  }
  const PooledStretch whole = Whole(replicas);
  out.slope_bytes_per_second = whole.slope;
  out.slope_interval = whole.interval;
  out.z = whole.z;
  out.total_growth_bytes = whole.growth_bytes;
  if (out.kind != VerdictKind::kChurn) TakePooled(out, replicas);
  out.showing = out.replicas.size();
  const bool churns = out.kind == VerdictKind::kChurn;
  const auto badness = [&](const FleetFinding::Replica& replica) {
    const Verdict& verdict = VerdictOf(replica);
    return churns ? verdict.alloc_bytes_per_second.value_or(0) : verdict.slope_bytes_per_second;
  };
  std::stable_sort(out.replicas.begin(), out.replicas.end(),
                   [&](const auto& a, const auto& b) { return badness(a) > badness(b); });
  return out;
}

// Where the replicas together are surer than the worst of them alone. A growth that began mid-life
// is a leap in the whole life and steady only in a part of it: the worst that any part says counts,
// of equals the longest.
void Pool::TakePooled(FleetFinding& finding, const Replicas& replicas) const {
  struct Part {
    std::size_t share = 0;
    PooledStretch pooled;
    VerdictKind kind = VerdictKind::kStable;
  };
  const PooledStretch whole = Whole(replicas);
  std::optional<Part> worst;
  for (std::size_t share = 0; share < kStretchShares.size(); ++share) {
    const PooledStretch pooled = PoolStretches(Stretches(replicas, share));
    const bool began_mid_life =
        share > 0 && whole.growth_bytes - pooled.growth_bytes < kEarlierShare * pooled.growth_bytes;
    const VerdictKind kind = JudgePooled(pooled, began_mid_life, options_);
    if (RankOf(kind) < RankOf(VerdictKind::kGrowing) || RankOf(kind) < RankOf(finding.kind))
      continue;
    if (!worst || RankOf(kind) > RankOf(worst->kind)) worst = Part{share, pooled, kind};
  }
  if (!worst) return;
  finding.slope_bytes_per_second = worst->pooled.slope;
  finding.slope_interval = worst->pooled.interval;
  finding.z = worst->pooled.z;
  finding.total_growth_bytes = worst->pooled.growth_bytes;
  finding.pooled = RankOf(worst->kind) > RankOf(finding.kind);
  finding.kind = worst->kind;
  finding.replicas.clear();
  for (const auto& replica : replicas) {
    const auto& own = VerdictOf(replica).stretches[worst->share];
    if (VerdictOf(replica).kind == VerdictKind::kLeak || (own && Shows(*own, worst->pooled)))
      finding.replicas.push_back(replica);
  }
}

std::string Pool::Explain(const FleetFinding& finding) const {
  if (finding.kind == VerdictKind::kStable) {
    return "no growth, but it allocates more per unit of load than in the version before";
  }
  const Verdict& worst = VerdictOf(finding.replicas.front());
  if (!finding.pooled) return worst.reason;
  return "on " + std::to_string(finding.showing) + " of " + std::to_string(finding.judged) +
         " replicas, " + FormatBytes(finding.total_growth_bytes) + " in all at " +
         SlopeText(finding.slope_bytes_per_second, finding.slope_interval, "95 %: ") + " each, " +
         FormatFixed(finding.z, 1) +
         " standard errors above sampling noise together, where one alone could not tell yet";
}

}  // namespace

std::string ServiceOf(const Labels& target) {
  const std::string_view service = Get(target, "service");
  return std::string(service.empty() ? Get(target, "job") : service);
}

std::vector<FleetFinding> PoolFleet(std::span<const TargetResult> results,
                                    const TrendOptions& options) {
  return Pool(results, options).Findings();
}

}  // namespace heapwatch
