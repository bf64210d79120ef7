#include "alerting/target_down.h"

#include <algorithm>
#include <map>
#include <utility>

namespace heapwatch {

std::vector<Finding> GroupDownTargets(const std::vector<TargetHealth>& targets) {
  std::map<std::string, Finding> by_service;
  for (const TargetHealth& health : targets) {
    Finding& finding = by_service[ServiceOf(health.target)];
    if (finding.replica_count++ == 0) {
      finding.common_labels = health.target;
      for (const char* name : {"service", "version", "instance"}) finding.common_labels.erase(name);
    }
    std::erase_if(finding.common_labels, [&](const auto& label) {
      return Get(health.target, label.first) != label.second;
    });
    if (health.down_since)
      finding.down.push_back({health.target, *health.down_since, health.error});
  }
  std::vector<Finding> findings;
  for (auto& [service, finding] : by_service) {
    if (finding.down.empty()) continue;
    finding.problem = Problem::kTargetDown;
    finding.service = service;
    finding.site.function = "(targets that are down)";
    std::stable_sort(finding.down.begin(), finding.down.end(),
                     [](const DownTarget& a, const DownTarget& b) { return a.since < b.since; });
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace heapwatch
