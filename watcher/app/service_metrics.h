// The service's own health for Prometheus: what it did is counted here as it happens, what it is
// now is told when it is asked. The sites' gauges are alerting's (alerting/site_gauges.h). Any
// thread.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/alert_state.h"
#include "analysis/base/time.h"
#include "watcher/discovery/discovery.h"
#include "watcher/discovery/target_set.h"
#include "watcher/notify/receiver.h"
#include "watcher/scrape/scraper.h"
#include "watcher/scrape/target_status.h"
#include "watcher/store/retention.h"

namespace heapwatch {

// What is shown as it is now.
struct ServiceStatus {
  std::vector<TargetStatus> targets;
  ByteBudget::Usage scrape_memory;
  std::vector<DiscoveryStatus> discovery;
  std::shared_ptr<const TargetPlan> plan;  // never null
  std::vector<NotifierStatus> notifiers;
  std::vector<AlertView> alerts;
};

class ServiceMetrics {
 public:
  // The size of what lies under `storage_path` is told as that of the store.
  explicit ServiceMetrics(std::string storage_path);

  void ObserveScrape(const ScrapeOutcome& outcome);
  void ObserveEvaluation(Duration duration, Time at, std::size_t failed_targets);
  void ObserveLeftOutAlerts(std::size_t count) { alerts_left_out_.Set(static_cast<double>(count)); }
  void ObserveReload(bool ok, Time at);
  void ObserveAgeing(const AgeingReport& report);
  void ObserveWebConfig(bool ok) { web_config_successful_.Set(ok ? 1 : 0); }
  void CountWebRefusal(std::string_view reason);
  void CountTaskFailure() { task_failures_.Increment(); }

  std::vector<prometheus::MetricFamily> Collect(const ServiceStatus& status) const;

 private:
  const std::string storage_path_;
  prometheus::Registry registry_;
  prometheus::Counter& scrapes_;
  prometheus::Family<prometheus::Counter>& scrape_failures_;
  prometheus::Histogram& scrape_duration_;
  prometheus::Counter& scraped_bytes_;
  prometheus::Histogram& evaluation_duration_;
  prometheus::Gauge& last_evaluation_;
  prometheus::Counter& evaluation_failures_;
  prometheus::Gauge& alerts_left_out_;
  prometheus::Gauge& reload_successful_;
  prometheus::Gauge& last_reload_;
  prometheus::Counter& task_failures_;
  prometheus::Family<prometheus::Counter>& snapshots_dropped_;
  prometheus::Gauge& out_of_room_;
  prometheus::Gauge& web_config_successful_;
  prometheus::Family<prometheus::Counter>& web_refusals_;
};

// In Prometheus' text exposition format.
std::string RenderMetrics(const std::vector<prometheus::MetricFamily>& families);

}  // namespace heapwatch
