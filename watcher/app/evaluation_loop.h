// Judges everything, again and again: every target, then the findings of all, the alerts, and who
// is to be told.
//
// Run is one coroutine, so no two evaluations meet; its work is done on the CPU pool, target by
// target, so that scrapes get their turn in between. The state of the alerts is in the store before
// anyone is told. Latest and Alerts may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "alerting/alert_state.h"
#include "alerting/notifier.h"
#include "alerting/site_gauges.h"
#include "watcher/api/read_views.h"
#include "watcher/app/evaluator.h"
#include "watcher/app/service_metrics.h"
#include "watcher/app/settings.h"
#include "watcher/net/clock.h"

namespace heapwatch {

struct EvaluationParts {
  boost::asio::any_io_executor cpu;
  const Clock& clock;
  Store& store;
  Notifier& notifier;
  ServiceMetrics& metrics;
  SiteGauges& site_gauges;
  std::string external_url;
  std::function<std::shared_ptr<const Settings>()> settings;  // those in force
};

class EvaluationLoop {
 public:
  explicit EvaluationLoop(EvaluationParts parts);

  // Takes up the alerts where the process before left them. Before Run.
  Result<void> RestoreAlerts();
  boost::asio::awaitable<void> Run();

  std::shared_ptr<const Evaluation> Latest() const;  // never null
  std::vector<AlertView> Alerts() const;
  bool has_evaluated() const;

 private:
  boost::asio::awaitable<void> EvaluateAll();
  void Conclude(const Settings& settings, Time now, std::vector<TargetVerdicts> verdicts);

  const EvaluationParts parts_;
  // Of the one evaluation under way.
  Evaluator evaluator_;
  std::shared_ptr<const Settings> settings_;
  AlertState alert_state_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Evaluation> latest_;  // guarded by mutex_, as are the next two
  std::vector<AlertView> alerts_;
  bool has_evaluated_ = false;
};

}  // namespace heapwatch
