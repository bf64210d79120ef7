#include "alerting/service_growth.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

#include "analysis/trend/verdict_rank.h"

namespace heapwatch {
namespace {

double Square(double x) { return x * x; }

// The half-widths of independent intervals add up as standard errors do.
Interval AddIntervals(double slope_a, Interval a, double slope_b, Interval b) {
  const double sum = slope_a + slope_b;
  return {sum - std::hypot(slope_a - a.low, slope_b - b.low),
          sum + std::hypot(a.high - slope_a, b.high - slope_b)};
}

// headroom / a and headroom / b to headroom / (a + b).
double JoinTimes(double a, double b) {
  if (a <= 0 || b <= 0) return 0;
  return 1 / (1 / a + 1 / b);
}

void Add(Verdict& sum, const Verdict& v) {
  sum.slope_interval = AddIntervals(sum.slope_bytes_per_second, sum.slope_interval,
                                    v.slope_bytes_per_second, v.slope_interval);
  sum.slope_bytes_per_second += v.slope_bytes_per_second;
  sum.inuse_bytes += v.inuse_bytes;
  sum.growth_bytes += v.growth_bytes;
  sum.growth_standard_error =
      std::sqrt(Square(sum.growth_standard_error) + Square(v.growth_standard_error));
  if (v.seconds_to_limit)
    sum.seconds_to_limit =
        sum.seconds_to_limit
            ? Interval{JoinTimes(sum.seconds_to_limit->low, v.seconds_to_limit->low),
                       JoinTimes(sum.seconds_to_limit->high, v.seconds_to_limit->high)}
            : *v.seconds_to_limit;
  sum.from = std::min(sum.from, v.from);
  sum.to = std::max(sum.to, v.to);
  sum.growing_for = std::max(sum.growing_for, v.growing_for);
  sum.z = sum.growth_standard_error > 0 ? sum.growth_bytes / sum.growth_standard_error : sum.z;
  sum.effective_n = std::min(sum.effective_n, v.effective_n);
  if (v.alloc_bytes_per_second)
    sum.alloc_bytes_per_second = sum.alloc_bytes_per_second.value_or(0) + *v.alloc_bytes_per_second;
  sum.retention.reset();
}

// What a replica adds: where none alone shows the growth, as much as all together show of each.
Verdict PartOf(const Finding& member, Verdict v) {
  if (!member.only_together()) return v;
  const PooledGrowth& pooled = *member.pooled;
  v.slope_bytes_per_second = pooled.slope_bytes_per_second;
  v.slope_interval = pooled.slope_interval;
  v.growth_bytes = pooled.total_growth_bytes / static_cast<double>(member.replicas.size());
  v.growth_standard_error = pooled.z > 0 ? v.growth_bytes / pooled.z : 0;
  v.z = pooled.z;
  return v;
}

// Stands where a site would, so that it can be acknowledged like one.
Site AllSites() { return {.function = "(all sites that leak)"}; }

double Worst(const Finding& finding) {
  if (finding.only_together()) return finding.pooled->slope_bytes_per_second;
  return finding.replicas.empty() ? 0 : finding.replicas.front().verdict.slope_bytes_per_second;
}

}  // namespace

Finding JoinSites(std::vector<Finding> members) {
  std::stable_sort(members.begin(), members.end(), [](const Finding& a, const Finding& b) {
    return std::pair(-RankOf(a.kind), -Worst(a)) < std::pair(-RankOf(b.kind), -Worst(b));
  });
  Finding joined = members.front();
  joined.problem = Problem::kServiceGrowth;
  joined.site = AllSites();
  joined.pooled.reset();
  joined.change.reset();
  std::map<Labels, ReplicaVerdict> by_target;
  std::size_t leaking = 0;
  for (const Finding& member : members) {
    if (member.kind != joined.kind) continue;
    ++leaking;
    for (ReplicaVerdict replica : member.replicas) {
      replica.verdict = PartOf(member, std::move(replica.verdict));
      const auto [it, is_new] = by_target.emplace(replica.target, replica);
      if (!is_new) Add(it->second.verdict, replica.verdict);
    }
  }
  joined.replicas.clear();
  for (auto& [target, replica] : by_target) joined.replicas.push_back(std::move(replica));
  joined.reason = std::to_string(leaking) + " sites of it grow together; the worst is " +
                  members.front().site.ToString() +
                  (members.front().reason.empty() ? "" : ", which " + members.front().reason);
  std::stable_sort(joined.replicas.begin(), joined.replicas.end(),
                   [](const ReplicaVerdict& a, const ReplicaVerdict& b) {
                     return a.verdict.slope_bytes_per_second > b.verdict.slope_bytes_per_second;
                   });
  joined.members = std::move(members);
  return joined;
}

FindingKey ServiceGrowthKey(std::string service, std::string version) {
  return {Problem::kServiceGrowth, std::move(service), std::move(version), AllSites().id()};
}

}  // namespace heapwatch
