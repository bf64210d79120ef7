#include "alerting/site_gauges.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "alerting/text.h"
#include "analysis/base/utf8.h"

namespace heapwatch {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

enum Gauge : std::size_t {
  kInuse,
  kSlope,
  kSlopeLow,
  kAlloc,
  kLimitLow,
  kLimitHigh,
  kState,
  kGaugeCount
};

std::vector<MetricFamily> MakeFamilies() {
  std::vector<MetricFamily> families(kGaugeCount);
  const auto describe = [&](Gauge gauge, const char* name, const char* help) {
    families[gauge].name = name;
    families[gauge].help = help;
    families[gauge].type = prometheus::MetricType::Gauge;
  };
  describe(kInuse, "heapwatch_site_inuse_bytes", "Live heap memory allocated at the site.");
  describe(kSlope, "heapwatch_site_slope_bytes_per_second",
           "Growth of the site's live memory over the window of its verdict.");
  describe(kSlopeLow, "heapwatch_site_slope_lower_bound_bytes_per_second",
           "Lower end of the 95 % interval of the site's growth.");
  describe(kAlloc, "heapwatch_site_alloc_bytes_per_second",
           "Memory allocated at the site per second, whether it stays or not.");
  describe(kLimitLow, "heapwatch_site_time_to_limit_lower_bound_seconds",
           "Time until the process reaches its memory limit, if the site grows as fast as may be.");
  describe(
      kLimitHigh, "heapwatch_site_time_to_limit_upper_bound_seconds",
      "Time until the process reaches its memory limit, if the site grows as slowly as may be.");
  describe(kState, "heapwatch_site_state",
           "Verdict on the site: 1 for the state it is in, 0 for the others.");
  return families;
}

// The target's labels and the site's. A target's own label of a name needed here goes under
// another, as Prometheus does it.
std::vector<ClientMetric::Label> MakeLabels(const Labels& target, const std::string& site,
                                            const std::string& function) {
  Labels labels = {{"site", site}, {"function", CutBegin(ToUtf8(function), kMaxLabelRunes)}};
  for (const auto& [name, value] : target) {
    const bool is_taken = name == "site" || name == "function" || name == "state";
    labels.emplace(is_taken ? "exported_" + name : name, LabelValue(ToUtf8(value)));
  }
  std::vector<ClientMetric::Label> out;
  out.reserve(labels.size() + 1);
  for (const auto& [name, value] : labels) out.push_back({name, value});
  return out;
}

void Add(MetricFamily& family, const std::vector<ClientMetric::Label>& labels, double value) {
  ClientMetric metric;
  metric.label = labels;
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

void AddSite(std::vector<MetricFamily>& families, const Labels& target, const Site& site,
             const Verdict& v) {
  auto labels = MakeLabels(target, site.id_text(), site.function);
  Add(families[kInuse], labels, v.inuse_bytes);
  if (v.kind != VerdictKind::kInsufficientData) {
    Add(families[kSlope], labels, v.slope_bytes_per_second);
    Add(families[kSlopeLow], labels, v.slope_interval.low);
  }
  if (v.alloc_bytes_per_second) Add(families[kAlloc], labels, *v.alloc_bytes_per_second);
  if (v.seconds_to_limit) {
    Add(families[kLimitLow], labels, v.seconds_to_limit->low);
    Add(families[kLimitHigh], labels, v.seconds_to_limit->high);
  }
  labels.push_back({"state", ""});
  for (const VerdictKind kind : kVerdictKinds) {
    labels.back().value = ToString(kind);
    Add(families[kState], labels, v.kind == kind ? 1 : 0);
  }
}

// The sites beyond the bound, together. What some of them lack is the sum of those that have it.
class Remainder {
 public:
  void Take(const Verdict& v) {
    inuse_ += v.inuse_bytes;
    if (v.kind != VerdictKind::kInsufficientData)
      slope_ = slope_.value_or(0) + v.slope_bytes_per_second;
    if (v.alloc_bytes_per_second) alloc_ = alloc_.value_or(0) + *v.alloc_bytes_per_second;
    is_empty_ = false;
  }
  void AddTo(std::vector<MetricFamily>& families, const Labels& target) const {
    if (is_empty_) return;
    const auto labels = MakeLabels(target, "other", "other");
    Add(families[kInuse], labels, inuse_);
    if (slope_) Add(families[kSlope], labels, *slope_);
    if (alloc_) Add(families[kAlloc], labels, *alloc_);
  }

 private:
  bool is_empty_ = true;
  double inuse_ = 0;
  std::optional<double> slope_;
  std::optional<double> alloc_;
};

// The verdicts to show, by their index, most important first.
std::vector<std::size_t> Choose(const TargetVerdicts& target, const std::set<ContentHash>& shown,
                                std::size_t max) {
  const auto& verdicts = target.verdicts;
  std::vector<std::size_t> order(verdicts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::size_t> rank(verdicts.size(), verdicts.size());
  const auto rank_by = [&](auto read) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return read(verdicts[a]) > read(verdicts[b]);
    });
    for (std::size_t i = 0; i < order.size() && read(verdicts[order[i]]) > 0; ++i)
      rank[order[i]] = std::min(rank[order[i]], i);
  };
  // Of growth only what is beyond its noise.
  rank_by([](const Verdict& v) { return v.slope_interval.low; });
  rank_by([](const Verdict& v) { return v.inuse_bytes; });
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const VerdictKind kind = verdicts[i].kind;
    if (kind == VerdictKind::kLeak || kind == VerdictKind::kChurn) {
      rank[i] = 0;
      continue;
    }
    // Leaks alone stand at 0. Halving keeps what is shown until its rank is twice the bound.
    ++rank[i];
    if (shown.contains(target.sites[verdicts[i].site.index()].id()))
      rank[i] = std::max<std::size_t>(1, rank[i] / 2);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
  order.resize(std::min(order.size(), max));
  return order;
}

}  // namespace

void SiteGauges::Update(const std::vector<TargetVerdicts>& targets) {
  auto families = std::make_shared<Families>(MakeFamilies());
  const std::size_t share = limits_.sites / std::max<std::size_t>(1, targets.size());
  const std::size_t max = std::min(limits_.sites_per_target, share);
  Remainder of_targets_beyond;
  std::size_t target_count = 0;
  std::map<Labels, std::set<ContentHash>> shown;
  for (const TargetVerdicts& target : targets) {
    const auto chosen = Choose(target, shown_[target.target], max);
    std::vector<bool> is_chosen(target.verdicts.size());
    for (const std::size_t i : chosen) {
      const Site& site = target.sites[target.verdicts[i].site.index()];
      is_chosen[i] = true;
      shown[target.target].insert(site.id());
      AddSite(*families, target.target, site, target.verdicts[i]);
    }
    const bool is_beyond = ++target_count > limits_.sites;
    Remainder own;
    Remainder& rest = is_beyond ? of_targets_beyond : own;
    for (std::size_t i = 0; i < target.verdicts.size(); ++i)
      if (!is_chosen[i]) rest.Take(target.verdicts[i]);
    own.AddTo(*families, target.target);
  }
  of_targets_beyond.AddTo(*families, {{"instance", "other"}, {"service", "other"}});
  std::erase_if(*families, [](const MetricFamily& family) { return family.metric.empty(); });
  for (MetricFamily& family : service_gauges_.Update(targets))
    families->push_back(std::move(family));
  shown_ = std::move(shown);
  const std::lock_guard lock(mutex_);
  families_ = std::move(families);
}

std::vector<prometheus::MetricFamily> SiteGauges::Collect() const {
  const std::lock_guard lock(mutex_);
  return *families_;
}

}  // namespace heapwatch
