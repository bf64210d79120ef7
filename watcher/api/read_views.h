// What the read side may see of the running service: snapshots of its state, each consistent in
// itself. Any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alerting/acks.h"
#include "alerting/alert_log.h"
#include "alerting/alert_state.h"
#include "alerting/finding.h"
#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "config/config.h"
#include "watcher/discovery/discovery.h"
#include "watcher/discovery/target_set.h"
#include "watcher/scrape/scrape_stop.h"
#include "watcher/scrape/target_status.h"
#include "watcher/store/store.h"

namespace heapwatch {

// The outcome of the last evaluation of everything.
struct Evaluation {
  Time time;
  std::vector<TargetVerdicts> targets;
  std::vector<Finding> findings;
};

class ReadViews {
 public:
  virtual ~ReadViews() = default;
  virtual Time Now() const = 0;
  virtual bool Ready() const = 0;
  // Under which people reach the service, without a slash at its end.
  virtual const std::string& external_url() const = 0;
  virtual const Store& store() const = 0;
  virtual std::shared_ptr<const Config> config() const = 0;
  virtual std::shared_ptr<const SiteAttributor> attributor() const = 0;
  virtual std::vector<TargetStatus> Targets() const = 0;
  virtual std::shared_ptr<const TargetPlan> Plan() const = 0;  // never null
  virtual std::vector<DiscoveryStatus> DiscoveryStatuses() const = 0;
  virtual std::shared_ptr<const Evaluation> LatestEvaluation() const = 0;  // never null
  virtual std::vector<AlertView> Alerts() const = 0;
  virtual std::vector<AlertChange> AlertHistory() const = 0;  // oldest first
  virtual AckBook Acks() const = 0;
  virtual std::vector<ScrapeStop> ScrapeStops() const = 0;
  // Text of /metrics: own health and the growth gauges, in Prometheus' exposition format.
  virtual std::string Metrics() const = 0;
};

}  // namespace heapwatch
