// The gauges of whole targets and of whole services, for Prometheus: what the sites of a process
// come to, and what its replicas come to. Pure but for who was shown before.
//
// Their number is bounded. Targets or services beyond the bound are summed up in one with the
// labels service="other" (and instance="other"), so that sums over all of them hold; those with
// leaks come first, then those that hold the most, and whoever was shown stays until its rank is
// twice the bound.
//
// Example: two replicas of checkout v2.4 hold 1 GiB each, one site leaks on one of them:
//   heapwatch_service_inuse_bytes{service="checkout",version="v2.4"} 2.147483648e+09
//   heapwatch_service_sites{service="checkout",state="leak",version="v2.4"} 1
//   heapwatch_target_inuse_bytes{instance="a:6060",...} 1.073741824e+09
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <set>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/labels.h"

namespace heapwatch {

struct ServiceGaugeLimits {
  std::size_t targets = 10'000;
  std::size_t services = 1'000;  // services and versions
};

class ServiceGauges {
 public:
  explicit ServiceGauges(ServiceGaugeLimits limits = {}) : limits_(limits) {}

  // What the verdicts of the last evaluation come to. One caller at a time.
  std::vector<prometheus::MetricFamily> Update(const std::vector<TargetVerdicts>& targets);

 private:
  const ServiceGaugeLimits limits_;
  std::set<Labels> shown_targets_;
  std::set<Labels> shown_services_;
};

}  // namespace heapwatch
