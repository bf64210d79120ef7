#include "watcher/app/evaluation_loop.h"

#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "watcher/net/run_on.h"
#include "watcher/scrape/schedule.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kAlertsKey = "alerts";

// A line for each alert that has begun to fire or was resolved since the evaluation before.
void LogChanges(const std::vector<AlertView>& before, const std::vector<AlertView>& now) {
  std::map<Labels, AlertPhase> phase_before;
  for (const AlertView& view : before) phase_before[view.labels] = view.phase;
  for (const AlertView& view : now) {
    if (view.phase == AlertPhase::kPending) continue;
    const auto known = phase_before.find(view.labels);
    if (known != phase_before.end() && known->second == view.phase) continue;
    spdlog::info("alert {} {}: {}", Get(view.labels, "alertname"),
                 view.phase == AlertPhase::kFiring ? "fires" : "is resolved",
                 Get(view.annotations, "summary"));
  }
}

}  // namespace

EvaluationLoop::EvaluationLoop(EvaluationParts parts)
    : parts_(std::move(parts)),
      evaluator_(parts_.store),
      settings_(parts_.settings()),
      alert_state_(*settings_->config),
      latest_(std::make_shared<const Evaluation>()) {}

Result<void> EvaluationLoop::RestoreAlerts() {
  const auto saved = parts_.store.GetState(kAlertsKey);
  if (!saved) return Fail(saved.error());
  if (!*saved) return {};
  if (auto restored = alert_state_.Restore(**saved); !restored) return restored;
  const std::scoped_lock lock(mutex_);
  alerts_ = alert_state_.Views();
  return {};
}

asio::awaitable<void> EvaluationLoop::Run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::optional<Time> last;
  for (;;) {
    co_await EvaluateAll();
    const Time now = parts_.clock.Now();
    const Time next =
        NextScrape(now, last, settings_->config->global.evaluation_interval, Duration(0));
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
  std::size_t failed = 0;
  for (const Target& target : settings.targets) {
    auto judged = co_await RunOn(parts_.cpu, [&] {
      return evaluator_.Evaluate(target, now, *settings.attributor, settings.config->detection);
    });
    if (judged) {
      verdicts.push_back(std::move(*judged));
    } else {
      ++failed;
      // Known, but nothing can be said of it now: its alerts stay as they are.
      verdicts.push_back({.target = target.labels, .evaluated = now, .sites = {}, .verdicts = {}});
      spdlog::error("target {} cannot be judged: {}", ToString(target.labels),
                    judged.error().message);
    }
  }
  co_await RunOn(parts_.cpu, [&] { Conclude(settings, now, std::move(verdicts)); });
  parts_.metrics.ObserveEvaluation(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started), now,
      failed);
}

void EvaluationLoop::Conclude(const Settings& settings, Time now,
                              std::vector<TargetVerdicts> verdicts) {
  auto evaluation = std::make_shared<Evaluation>();
  evaluation->time = now;
  evaluation->targets = std::move(verdicts);
  evaluation->findings = GroupFindings(evaluation->targets, alert_state_.Watched());
  std::vector<Alert> alerts =
      alert_state_.Step(evaluation->findings, now, [&](const Finding& finding) {
        return DescribeWithDiff(finding, parts_.store, *settings.attributor, parts_.external_url);
      });
  if (const auto kept = parts_.store.PutState(kAlertsKey, alert_state_.Save()); !kept)
    spdlog::error("the state of the alerts could not be stored: {}", kept.error().message);
  parts_.notifier.Send(std::move(alerts));
  parts_.site_gauges.Update(evaluation->targets);
  std::vector<AlertView> views = alert_state_.Views();
  const std::scoped_lock lock(mutex_);
  latest_ = std::move(evaluation);
  LogChanges(alerts_, views);
  alerts_ = std::move(views);
  has_evaluated_ = true;
}

std::shared_ptr<const Evaluation> EvaluationLoop::Latest() const {
  const std::scoped_lock lock(mutex_);
  return latest_;
}

std::vector<AlertView> EvaluationLoop::Alerts() const {
  const std::scoped_lock lock(mutex_);
  return alerts_;
}

bool EvaluationLoop::has_evaluated() const {
  const std::scoped_lock lock(mutex_);
  return has_evaluated_;
}

}  // namespace heapwatch
