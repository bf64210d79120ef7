// watcher/METRICS.md says of every metric what /metrics says of it, and tells of no other.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "alerting/site_gauges.h"
#include "tests/alerting/sample_findings.h"
#include "tests/support/paths.h"
#include "watcher/app/service_metrics.h"

namespace heapwatch {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

const Labels kTarget = Replica("a:1");

TargetStatus StatusOfEverything() {
  TargetStatus status;
  status.labels = kTarget;
  status.last_scrape = kStart;
  status.last_body_bytes = 1;
  status.memory_limit_bytes = 1;
  status.process = ProcessMetrics{.resident_bytes = 1,
                                  .memory_limit_bytes = {},
                                  .started = kStart,
                                  .cpu_seconds = {},
                                  .gc_cpu_seconds = {},
                                  .gc_cpu_fraction = {}};
  status.gc_cpu_share = 0.5;
  return status;
}

// A service of which everything is known that can be.
std::vector<MetricFamily> AllFamilies() {
  TargetPlan plan;
  plan.jobs.push_back({.job = "shop",
                       .targets = 1,
                       .dropped = {{DroppedTarget::Reason::kInvalid, 1}},
                       .is_over_limit = false});
  ServiceStatus status;
  status.targets = {StatusOfEverything()};
  status.discovery.emplace_back().job = "shop";
  status.plan = std::make_shared<const TargetPlan>(std::move(plan));
  status.notifiers.emplace_back().url = "http://am:9093";
  auto families = ServiceMetrics("").Collect(status);
  Verdict verdict = MakeVerdict(VerdictKind::kLeak);
  verdict.alloc_bytes_per_second = 1;
  verdict.seconds_to_limit = Interval{1, 2};
  SiteGauges gauges;
  gauges.Update({OneSite(kTarget, verdict)});
  for (MetricFamily& family : gauges.Collect()) families.push_back(std::move(family));
  return families;
}

std::string_view NameOf(MetricType type) {
  if (type == MetricType::Counter) return "counter";
  return type == MetricType::Gauge ? "gauge" : "histogram";
}

// "target, state": those of the target stand for themselves.
std::string LabelsOf(const MetricFamily& family) {
  std::set<std::string> names;
  for (const auto& metric : family.metric)
    for (const auto& label : metric.label) names.insert(label.name);
  std::string text;
  if (names.contains("instance")) {
    text = "target";
    for (const auto& [name, value] : kTarget) names.erase(name);
  }
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

TEST(MetricsDocument, TellsEveryMetricAsItIsExportedAndNoOther) {
  std::set<std::string> rows;
  std::ifstream file(InSource("watcher/METRICS.md"));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `")) rows.insert(line);
  for (const MetricFamily& family : AllFamilies()) {
    const std::string row = "| `" + family.name + "` | " + std::string(NameOf(family.type)) +
                            " | " + LabelsOf(family) + " | " + family.help + " |";
    EXPECT_EQ(rows.erase(row), 1U) << "missing: " << row;
  }
  for (const std::string& row : rows) ADD_FAILURE() << "not exported so: " << row;
}

}  // namespace
}  // namespace heapwatch
