#include "watcher/app/evaluation_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "watcher/app/describe.h"
#include "watcher/app/stored_limits.h"
#include "watcher/net/run_on.h"
#include "watcher/scrape/schedule.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kAlertsKey = "alerts";
constexpr std::string_view kPinPrefix = "alert/";
constexpr std::size_t kMaxPinnedMoments = 200;
constexpr Duration kPinAgainAfter = std::chrono::hours(24);
constexpr std::string_view kDownKey = "down_targets";
constexpr std::string_view kHistoryKey = "alert_history";

// A line for each alert that has begun to fire, was muted or was resolved.
void LogChanges(const std::vector<AlertChange>& changes) {
  for (const AlertChange& change : changes) {
    if (change.state == "pending" || change.state == "inactive") continue;
    spdlog::info("alert {} is {}: {}{}", Get(change.labels, "alertname"), change.state,
                 change.summary, change.note.empty() ? "" : " (" + change.note + ")");
  }
}

void LogPace(Duration took, Duration interval) {
  if (took <= interval) {
    spdlog::info("all targets are judged every {} again", FormatDuration(interval));
  } else {
    spdlog::warn(
        "judging all targets takes {}, longer than global.evaluation_interval ({}): verdicts come "
        "about every {}; raise the interval, or watch fewer targets from here",
        FormatDuration(took), FormatDuration(interval), FormatDuration(2 * took));
  }
}

void LogLeftOut(std::size_t left_out) {
  if (left_out == 0) {
    spdlog::info("every problem has its alert again");
  } else {
    spdlog::error(
        "{} problems have no alert, as there are {} alerts already: let `alerting` ask for more "
        "(min_slope, min_size, min_churn_rate)",
        left_out, AlertState::kMaxAlerts);
  }
}

// Hands what was saved under `key` to `restore`, and tells what of it is lost.
template <class Restore>
void RestoreState(const Store& store, std::string_view key, std::string_view what,
                  const Restore& restore) {
  const auto saved = store.GetState(key);
  if (saved && !*saved) return;
  const auto restored = saved ? restore(**saved) : Fail(saved.error());
  if (!restored) {
    spdlog::error("{} begin anew, they cannot be read: {}", what, restored.error().message);
    return;
  }
  for (const std::string& entry : *restored)
    spdlog::error("of {} one cannot be read and is gone: {}", what, entry);
}

// As configured, or as the targets tell themselves.
std::map<Labels, std::int64_t> LimitsOf(const std::vector<TargetStatus>& statuses) {
  std::map<Labels, std::int64_t> limits;
  for (const TargetStatus& status : statuses)
    if (status.memory_limit_bytes) limits.emplace(status.labels, *status.memory_limit_bytes);
  return limits;
}

// As the targets tell themselves.
std::map<Labels, double> GcCpuSharesOf(const std::vector<TargetStatus>& statuses) {
  std::map<Labels, double> shares;
  for (const TargetStatus& status : statuses)
    if (status.gc_cpu_share) shares.emplace(status.labels, *status.gc_cpu_share);
  return shares;
}

}  // namespace

EvaluationLoop::EvaluationLoop(EvaluationParts parts)
    : parts_(std::move(parts)),
      evaluator_(parts_.store),
      settings_(parts_.settings()),
      alert_state_(*settings_->config),
      latest_(std::make_shared<const Evaluation>()) {}

// An alert of an unreadable state fires anew: better than no service.
void EvaluationLoop::RestoreAlerts() {
  RestoreState(parts_.store, kAlertsKey, "the alerts",
               [&](std::string_view saved) { return alert_state_.Restore(saved); });
  RestoreState(parts_.store, kHistoryKey, "the changes of the alerts",
               [&](std::string_view saved) { return alert_log_.Restore(saved); });
  RestoreState(parts_.store, kDownKey, "the times of what is down", [&](std::string_view saved) {
    return down_times_.Restore(saved, parts_.clock.Now());
  });
  if (const auto pins = parts_.store.Pins(); pins)
    for (const Pin& pin : *pins)
      if (pin.id.starts_with(kPinPrefix) && pin.expires) pinned_.emplace(pin.id, pin);
  const std::scoped_lock lock(mutex_);
  alerts_ = alert_state_.Views();
  history_ = {alert_log_.changes().begin(), alert_log_.changes().end()};
}

asio::awaitable<void> EvaluationLoop::Run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::optional<Time> last;
  bool was_slow = false;
  for (;;) {
    const auto started = std::chrono::steady_clock::now();
    co_await EvaluateAll();
    const auto took =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started);
    const Duration interval = settings_->config->global.evaluation_interval;
    if ((took > interval) != was_slow) LogPace(took, interval);
    was_slow = took > interval;
    const Time now = parts_.clock.Now();
    // It rests as long as it took, at least: half of a core is the most that judging takes.
    const Time next = NextScrape(now + took, last, interval, Duration(0));
    timer.expires_after(next - now);
    co_await timer.async_wait(asio::use_awaitable);
    last = next;
  }
}

asio::awaitable<void> EvaluationLoop::EvaluateAll() {
  if (auto settings = parts_.settings(); settings != settings_) {
    settings_ = std::move(settings);
    alert_state_.Configure(*settings_->config);
    evaluator_.Keep(settings_->targets);
  }
  const Settings& settings = *settings_;
  const auto started = std::chrono::steady_clock::now();
  const Time now = parts_.clock.Now();
  std::vector<TargetVerdicts> verdicts;
  co_await RunOn(parts_.judging, [&] { ListStored(); });
  std::map<Labels, Time> first;
  for (const StoredTarget& target : stored_) first.emplace(target.labels, target.first);
  const auto limits = LimitsOf(parts_.target_statuses());
  std::size_t failed = 0;
  for (Target target : settings.targets) {
    if (const auto limit = limits.find(target.labels); limit != limits.end())
      target.memory_limit_bytes = limit->second;
    auto judged = co_await RunOn(parts_.judging, [&] {
      return evaluator_.Evaluate(target, now, *settings.attributor, settings.config->detection);
    });
    if (judged) {
      verdicts.push_back(std::move(*judged));
    } else {
      ++failed;
      // Known, but nothing can be said of it now: its alerts stay as they are.
      verdicts.push_back({.target = target.labels,
                          .evaluated = now,
                          .sites = {},
                          .verdicts = {},
                          .watched_since = {}});
      spdlog::error("target {} cannot be judged: {}", ToString(target.labels),
                    judged.error().message);
    }
    if (const auto since = first.find(target.labels); since != first.end())
      verdicts.back().watched_since = since->second;
  }
  co_await RunOn(parts_.judging, [&] { Conclude(settings, now, std::move(verdicts), limits); });
  parts_.metrics.ObserveEvaluation(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started), now,
      failed);
}

void EvaluationLoop::Conclude(const Settings& settings, Time began,
                              std::vector<TargetVerdicts> verdicts,
                              const std::map<Labels, std::int64_t>& memory_limits) {
  // Judging may have taken long, and what is told counts from when it is sent.
  const Time now = parts_.clock.Now();
  auto evaluation = std::make_shared<Evaluation>();
  evaluation->time = began;
  const std::vector<TargetStatus> statuses = parts_.target_statuses();
  // The gone ones behind the others, for the comparison of versions alone.
  const std::size_t watched = verdicts.size();
  for (TargetVerdicts& gone : gone_targets_.Update(stored_, settings, parts_.store, now))
    verdicts.push_back(std::move(gone));
  evaluation->findings =
      GroupFindings(verdicts, alert_state_.Watched(), settings.config->detection);
  pooled_tracker_.Step(evaluation->findings);
  verdicts.resize(watched);
  evaluation->targets = std::move(verdicts);
  std::vector<Finding> findings = evaluation->findings;
  for (Finding& finding : GroupDownTargets(HealthOfTargets(statuses, now)))
    findings.push_back(std::move(finding));
  const AlertingConfig& alerting = settings.config->alerting;
  const std::map<Labels, double> gc_cpu_shares = GcCpuSharesOf(statuses);
  const auto describe = [&](const Finding& finding, const Labels& labels) {
    return Describe(finding, labels,
                    {.store = parts_.store,
                     .attributor = *settings.attributor,
                     .external_url = parts_.external_url,
                     .asks_password = parts_.asks_password(),
                     .links = alerting.links,
                     .gc_cpu_shares = gc_cpu_shares,
                     .memory_limits = memory_limits,
                     .gogc = settings.config->detection.gogc});
  };
  AlertState::Outcome outcome =
      alert_state_.Step(findings, parts_.acks.At(now), now, describe,
                        {parts_.webhooks.Undelivered(), settings.found_jobs});
  KeepState(outcome, now);
  KeepEvidence(alerting, now);
  // Without any there is nothing to keep, or no list of them yet.
  if (const auto kept =
          stored_.empty() ? Result<void>() : KeepLimits(parts_.store, statuses, stored_);
      !kept)
    spdlog::error("the memory limits could not be stored: {}", kept.error().message);
  LogChanges(outcome.changes);
  parts_.metrics.ObserveLeftOutAlerts(outcome.left_out);
  if ((outcome.left_out > 0) != std::exchange(leaves_out_, outcome.left_out > 0))
    LogLeftOut(outcome.left_out);
  parts_.webhooks.Send(outcome.due);
  parts_.alertmanagers.Send(std::move(outcome.due));
  parts_.site_gauges.Update(evaluation->targets);
  const std::scoped_lock lock(mutex_);
  latest_ = std::move(evaluation);
  alerts_ = alert_state_.Views();
  history_.assign(alert_log_.changes().begin(), alert_log_.changes().end());
  has_evaluated_ = true;
}

void EvaluationLoop::KeepState(const AlertState::Outcome& outcome, Time now) {
  std::set<Labels> untold = parts_.webhooks.Undelivered();
  for (const Alert& alert : outcome.due)
    if (alert.is_news) untold.insert(alert.labels);
  if (const auto kept = parts_.store.PutState(kAlertsKey, alert_state_.Save(untold)); !kept)
    spdlog::error("the state of the alerts could not be stored: {}", kept.error().message);
  if (const auto kept = parts_.store.PutState(kDownKey, down_times_.Save(now)); !kept)
    spdlog::error("what is down could not be stored: {}", kept.error().message);
  if (outcome.changes.empty()) return;
  alert_log_.Append(outcome.changes);
  if (const auto kept = parts_.store.PutState(kHistoryKey, alert_log_.Save()); !kept)
    spdlog::error("the history of the alerts could not be stored: {}", kept.error().message);
}

void EvaluationLoop::KeepEvidence(const AlertingConfig& config, Time now) {
  for (const AlertEvidence& alert : alert_state_.Evidences()) {
    const std::string id = std::string(kPinPrefix) + alert.alert_id;
    const auto known = pinned_.find(id);
    Pin pin{.id = id, .reason = "evidence of an alert", .spans = {}, .expires = {}};
    if (known != pinned_.end()) pin.spans = known->second.spans;
    // What was told before stays: somebody may follow the links of the first message.
    for (const Time time : {alert.evidence.from, alert.evidence.to}) {
      const PinnedSpan moment{TargetId::Of(alert.evidence.target), time, time};
      if (std::find(pin.spans.begin(), pin.spans.end(), moment) == pin.spans.end())
        pin.spans.push_back(moment);
    }
    if (pin.spans.size() > kMaxPinnedMoments)
      pin.spans.erase(pin.spans.begin() + 2, pin.spans.begin() + 4);
    pin.expires = alert.resolved_at.value_or(now) + config.keep_evidence_for;
    // One that lives is pinned anew once a day: a pin whose alert is lost ends by itself.
    const bool is_as_good = known != pinned_.end() && known->second.spans == pin.spans &&
                            *pin.expires - *known->second.expires < kPinAgainAfter &&
                            *pin.expires >= *known->second.expires;
    if (is_as_good && (!alert.resolved_at || pin.expires == known->second.expires)) continue;
    if (const auto put = parts_.store.PutPin(pin); !put) {
      spdlog::error("the evidence of an alert could not be pinned: {}", put.error().message);
      continue;
    }
    pinned_.insert_or_assign(id, std::move(pin));
  }
  std::erase_if(pinned_, [&](const auto& entry) { return *entry.second.expires < now; });
}

void EvaluationLoop::ListStored() {
  auto targets = parts_.store.Targets();
  if (targets)
    stored_ = *std::move(targets);
  else
    spdlog::error("the targets in the store cannot be listed: {}", targets.error().message);
}

std::vector<TargetHealth> EvaluationLoop::HealthOfTargets(const std::vector<TargetStatus>& statuses,
                                                          Time now) {
  std::vector<TargetHealth> healths;
  for (const TargetStatus& status : statuses) {
    if (status.lost) {
      // Gone, not down; but where it is found again, it has been down all the time.
      down_times_.Update(status.labels, std::nullopt, now);
      continue;
    }
    TargetHealth health{status.labels, std::nullopt, status.last_error};
    // One that was stopped is not asked, so nobody knows; what was known before ends.
    if (!status.stopped) {
      health.down_since = down_times_.Update(
          health.target, status.last_scrape ? std::optional(status.up) : std::nullopt, now);
      if (!status.last_scrape) health.error = "not asked again yet since the start of Heapwatch";
    }
    healths.push_back(std::move(health));
  }
  down_times_.EndRound(settings_->found_jobs);
  return healths;
}

std::shared_ptr<const Evaluation> EvaluationLoop::Latest() const {
  const std::scoped_lock lock(mutex_);
  return latest_;
}

std::vector<AlertView> EvaluationLoop::Alerts() const {
  const std::scoped_lock lock(mutex_);
  return alerts_;
}

std::vector<AlertChange> EvaluationLoop::AlertHistory() const {
  const std::scoped_lock lock(mutex_);
  return history_;
}

bool EvaluationLoop::has_evaluated() const {
  const std::scoped_lock lock(mutex_);
  return has_evaluated_;
}

}  // namespace heapwatch
