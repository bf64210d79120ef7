// ReadViews of a service that is not there: what a test puts into its members is what the API sees.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "watcher/api/read_views.h"
#include "watcher/store/memory_store.h"

namespace heapwatch {

class FakeViews : public ReadViews {
 public:
  Time Now() const override { return now; }
  bool Ready() const override { return ready; }
  const std::string& external_url() const override { return url; }
  const Store& store() const override { return kept; }
  std::shared_ptr<const Config> config() const override { return configuration; }
  std::shared_ptr<const SiteAttributor> attributor() const override { return sites; }
  std::vector<TargetStatus> Targets() const override { return statuses; }
  std::shared_ptr<const TargetPlan> Plan() const override {
    return std::make_shared<const TargetPlan>(plan);
  }
  std::vector<DiscoveryStatus> DiscoveryStatuses() const override { return discovery; }
  std::shared_ptr<const Evaluation> LatestEvaluation() const override {
    return std::make_shared<const Evaluation>(evaluation);
  }
  std::vector<AlertView> Alerts() const override { return alerts; }
  std::vector<AlertChange> AlertHistory() const override { return alert_history; }
  AckBook Acks() const override { return acks; }
  std::vector<ScrapeStop> ScrapeStops() const override { return stops; }
  std::string Metrics() const override { return metrics; }

  Time now;
  bool ready = true;
  std::string url = "https://ops.example.com/heap";
  MemoryStore kept;
  std::shared_ptr<const Config> configuration = std::make_shared<const Config>();
  std::shared_ptr<const SiteAttributor> sites = SiteAttributor::Create({}).value();
  std::vector<TargetStatus> statuses;
  TargetPlan plan;
  std::vector<DiscoveryStatus> discovery;
  Evaluation evaluation;
  std::vector<AlertView> alerts;
  std::vector<AlertChange> alert_history;
  AckBook acks;
  std::vector<ScrapeStop> stops;
  std::string metrics;
};

}  // namespace heapwatch
