// The gauges of the sites, and with them those of their targets and services (service_gauges.h),
// for Prometheus: what the last evaluation found, and nothing else. A site that is gone from it is
// gone from the gauges; there is no registry that could keep it.
//
// Their number is bounded: per target the sites that matter most (leaks and churns first, then
// those that grow the most and those that hold the most), and one more with site="other" that sums
// up the rest, so that sums over a target hold. A site that was shown stays until its rank is twice
// the bound, so that two sites of like size do not take turns.
//
// Example, with two sites per target: a leaks, b holds 1 GiB, c and d hold 1 MiB each:
//   heapwatch_site_inuse_bytes{function="a",...} 5e+06
//   heapwatch_site_inuse_bytes{function="b",...} 1.073741824e+09
//   heapwatch_site_inuse_bytes{function="other",site="other",...} 2.097152e+06
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "alerting/finding.h"
#include "alerting/service_gauges.h"
#include "analysis/base/labels.h"
#include "analysis/base/strong_id.h"

namespace heapwatch {

struct SiteGaugeLimits {
  std::size_t sites_per_target = 10;
  // Of all targets together; each gets an equal part. Where that is less than one, each has its
  // "other" alone, and the targets beyond the bound share one, instance="other".
  std::size_t sites = 10'000;
};

class SiteGauges : public prometheus::Collectable {
 public:
  explicit SiteGauges(SiteGaugeLimits limits = {}) : limits_(limits) {}

  // After each evaluation, with the verdicts of all targets. One caller at a time.
  void Update(const std::vector<TargetVerdicts>& targets);

  // Any thread.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  using Families = std::vector<prometheus::MetricFamily>;

  const SiteGaugeLimits limits_;
  ServiceGauges service_gauges_;
  std::map<Labels, std::set<ContentHash>> shown_;  // by target
  mutable std::mutex mutex_;
  std::shared_ptr<const Families> families_ = std::make_shared<Families>();
};

}  // namespace heapwatch
