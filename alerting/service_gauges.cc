#include "alerting/service_gauges.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "alerting/text.h"
#include "analysis/base/utf8.h"
#include "analysis/trend/verdict_rank.h"

namespace heapwatch {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

// What a process, or several, come to. What none of them tells is absent.
struct Sum {
  double inuse = 0;
  std::optional<double> alloc;
  std::optional<double> slope;
  double leak_slope = 0;
  std::optional<Interval> to_limit;  // of the one that gets there first
  std::size_t replicas = 0;
  std::map<ContentHash, VerdictKind> worst;  // of each site

  void Add(const TargetVerdicts& target) {
    ++replicas;
    for (const Verdict& v : target.verdicts) {
      inuse += v.inuse_bytes;
      if (v.alloc_bytes_per_second) alloc = alloc.value_or(0) + *v.alloc_bytes_per_second;
      if (v.kind != VerdictKind::kInsufficientData)
        slope = slope.value_or(0) + v.slope_bytes_per_second;
      if (v.kind == VerdictKind::kLeak) {
        leak_slope += v.slope_bytes_per_second;
        if (v.seconds_to_limit && (!to_limit || v.seconds_to_limit->high < to_limit->high))
          to_limit = v.seconds_to_limit;
      }
      const auto [it, is_new] = worst.emplace(target.sites[v.site.index()].id(), v.kind);
      if (!is_new && RankOf(v.kind) > RankOf(it->second)) it->second = v.kind;
    }
  }
  void Add(const Sum& other) {
    replicas += other.replicas;
    inuse += other.inuse;
    if (other.alloc) alloc = alloc.value_or(0) + *other.alloc;
    if (other.slope) slope = slope.value_or(0) + *other.slope;
    leak_slope += other.leak_slope;
    if (other.to_limit && (!to_limit || other.to_limit->high < to_limit->high))
      to_limit = other.to_limit;
    for (const auto& [site, kind] : other.worst) {
      const auto [it, is_new] = worst.emplace(site, kind);
      if (!is_new && RankOf(kind) > RankOf(it->second)) it->second = kind;
    }
  }
};

using Sums = std::map<Labels, Sum>;

// Those to show, the rest summed up under `other`.
Sums Bounded(Sums sums, std::size_t max, const Labels& other, std::set<Labels>& shown) {
  std::set<Labels> now_shown;
  if (sums.size() > max) {
    std::vector<Sums::const_iterator> order;
    for (auto it = sums.cbegin(); it != sums.cend(); ++it) order.push_back(it);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::pair(a->second.leak_slope, a->second.inuse) >
             std::pair(b->second.leak_slope, b->second.inuse);
    });
    // Of equals the one that was shown.
    std::map<Labels, std::pair<std::size_t, bool>> rank;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool was_shown = shown.contains(order[i]->first);
      rank[order[i]->first] = {was_shown ? i / 2 : i, !was_shown};
    }
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return rank.at(a->first) < rank.at(b->first);
    });
    Sums bounded;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i < max) {
        bounded.emplace(order[i]->first, order[i]->second);
        now_shown.insert(order[i]->first);
      } else {
        bounded[other].Add(order[i]->second);
      }
    }
    sums = std::move(bounded);
  } else {
    for (const auto& [labels, sum] : sums) now_shown.insert(labels);
  }
  shown = std::move(now_shown);
  return sums;
}

class Families {
 public:
  void Add(const char* name, const char* help, const Labels& labels, double value) {
    const auto [it, is_new] = index_.emplace(name, families_.size());
    if (is_new) families_.push_back({name, help, prometheus::MetricType::Gauge, {}});
    ClientMetric metric;
    for (const auto& [label, text] : labels)
      metric.label.push_back({label, LabelValue(ToUtf8(text))});
    metric.gauge.value = value;
    families_[it->second].metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> Take() { return std::move(families_); }

 private:
  std::map<std::string, std::size_t> index_;
  std::vector<MetricFamily> families_;
};

void AddStates(Families& families, const char* name, const char* help, Labels labels,
               const Sum& sum) {
  if (const auto own = labels.extract("state")) labels.emplace("exported_state", own.mapped());
  std::map<VerdictKind, std::size_t> counts;
  for (const auto& [site, kind] : sum.worst) ++counts[kind];
  for (const VerdictKind kind : kVerdictKinds) {
    labels["state"] = ToString(kind);
    families.Add(name, help, labels, static_cast<double>(counts[kind]));
  }
}

void AddTarget(Families& families, const Labels& labels, const Sum& sum) {
  families.Add("heapwatch_target_inuse_bytes", "Live heap memory of the process.", labels,
               sum.inuse);
  if (sum.alloc)
    families.Add("heapwatch_target_alloc_bytes_per_second",
                 "Memory the process allocates per second, whether it stays or not.", labels,
                 *sum.alloc);
  if (sum.slope)
    families.Add("heapwatch_target_slope_bytes_per_second",
                 "Growth of all sites of the process together.", labels, *sum.slope);
  AddStates(families, "heapwatch_target_sites", "Sites of the process by their verdict.", labels,
            sum);
}

void AddService(Families& families, const Labels& labels, const Sum& sum) {
  families.Add("heapwatch_service_replicas", "Targets of the service and version.", labels,
               static_cast<double>(sum.replicas));
  families.Add("heapwatch_service_inuse_bytes", "Live heap memory of all replicas.", labels,
               sum.inuse);
  if (sum.alloc)
    families.Add("heapwatch_service_alloc_bytes_per_second",
                 "Memory all replicas allocate per second, whether it stays or not.", labels,
                 *sum.alloc);
  if (sum.slope)
    families.Add("heapwatch_service_slope_bytes_per_second",
                 "Growth of all sites of all replicas together.", labels, *sum.slope);
  families.Add("heapwatch_service_leak_bytes_per_second",
               "Growth of the sites that leak, on the replicas where they do.", labels,
               sum.leak_slope);
  AddStates(families, "heapwatch_service_sites",
            "Sites of the service by the worst verdict of any replica.", labels, sum);
  if (sum.to_limit) {
    families.Add("heapwatch_service_time_to_limit_lower_bound_seconds",
                 "Time until the first replica reaches its memory limit, if its leak is as fast as "
                 "may be.",
                 labels, sum.to_limit->low);
    families.Add("heapwatch_service_time_to_limit_upper_bound_seconds",
                 "Time until the first replica reaches its memory limit, if its leak is as slow as "
                 "may be.",
                 labels, sum.to_limit->high);
  }
}

}  // namespace

std::vector<MetricFamily> ServiceGauges::Update(const std::vector<TargetVerdicts>& targets) {
  Sums by_target;
  Sums by_service;
  for (const TargetVerdicts& target : targets) {
    if (target.verdicts.empty()) continue;
    by_target[target.target].Add(target);
    Labels service = {{"service", ServiceOf(target.target)}};
    if (const auto version = Get(target.target, "version"); !version.empty())
      service.emplace("version", version);
    by_service[std::move(service)].Add(target);
  }
  Families families;
  const Labels others = {{"instance", "other"}, {"service", "other"}};
  for (const auto& [labels, sum] :
       Bounded(std::move(by_target), limits_.targets, others, shown_targets_))
    AddTarget(families, labels, sum);
  for (const auto& [labels, sum] :
       Bounded(std::move(by_service), limits_.services, {{"service", "other"}}, shown_services_))
    AddService(families, labels, sum);
  return families.Take();
}

}  // namespace heapwatch
