// Judges everything, again and again: every target, then the findings of all, the alerts, and who
// is to be told.
//
// Run is one coroutine, so no two evaluations meet; its work is done on the executor `judging`,
// target by target. The state of the alerts is in the store before
// anyone is told. Latest and Alerts may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "alerting/alert_log.h"
#include "alerting/alert_state.h"
#include "alerting/notifier.h"
#include "alerting/pooled_tracker.h"
#include "alerting/site_gauges.h"
#include "alerting/target_down.h"
#include "watcher/api/read_views.h"
#include "watcher/app/evaluator.h"
#include "watcher/app/gone_targets.h"
#include "watcher/app/service_metrics.h"
#include "watcher/app/settings.h"
#include "watcher/app/stored_acks.h"
#include "watcher/net/clock.h"
#include "watcher/notify/webhook_notifier.h"
#include "watcher/scrape/target_status.h"

namespace heapwatch {

struct EvaluationParts {
  boost::asio::any_io_executor judging;
  const Clock& clock;
  Store& store;
  Notifier& alertmanagers;
  WebhookNotifier& webhooks;
  ServiceMetrics& metrics;
  SiteGauges& site_gauges;
  std::string external_url;
  std::function<bool()> asks_password;  // whether who follows it must say who they are
  std::function<std::shared_ptr<const Settings>()> settings;  // those in force
  StoredAcks& acks;
  std::function<std::vector<TargetStatus>()> target_statuses;
};

class EvaluationLoop {
 public:
  explicit EvaluationLoop(EvaluationParts parts);

  // Takes up the alerts and their history where the process before left them. Before Run.
  void RestoreAlerts();
  boost::asio::awaitable<void> Run();

  std::shared_ptr<const Evaluation> Latest() const;  // never null
  std::vector<AlertView> Alerts() const;
  std::vector<AlertChange> AlertHistory() const;  // oldest first
  bool has_evaluated() const;

 private:
  boost::asio::awaitable<void> EvaluateAll();
  // `memory_limits` are those that the verdicts went by: their messages name no other.
  void Conclude(const Settings& settings, Time began, std::vector<TargetVerdicts> verdicts,
                const std::map<Labels, std::int64_t>& memory_limits);
  std::vector<TargetHealth> HealthOfTargets(const std::vector<TargetStatus>& statuses, Time now);
  void ListStored();
  // Before anyone is told: what was not stored would fire anew after a restart.
  void KeepState(const AlertState::Outcome& outcome, Time now);
  // Pins the heaps that an alert's messages show, while it lives and for a while after.
  void KeepEvidence(const AlertingConfig& config, Time now);

  const EvaluationParts parts_;
  // Of the one evaluation under way.
  Evaluator evaluator_;
  std::shared_ptr<const Settings> settings_;
  PooledTracker pooled_tracker_;
  AlertState alert_state_;
  AlertLog alert_log_;
  std::vector<StoredTarget> stored_;  // all in the store, as it could list them last
  bool leaves_out_ = false;           // problems without an alert, of which there are too many
  GoneTargets gone_targets_;
  DownTimes down_times_;
  std::map<std::string, Pin> pinned_;  // as they stand in the store

  mutable std::mutex mutex_;
  std::shared_ptr<const Evaluation> latest_;  // guarded by mutex_, as are the next three
  std::vector<AlertView> alerts_;
  std::vector<AlertChange> history_;
  bool has_evaluated_ = false;
};

}  // namespace heapwatch
