// A service that is evaluated every minute, and what becomes of its alerts.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alerting/alert_state.h"
#include "tests/alerting/sample_findings.h"

namespace heapwatch {

// A service of one replica that is evaluated every minute.
class WatchedService {
 public:
  explicit WatchedService(Config config = {}) : config_(std::move(config)), state_(config_) {}

  std::vector<Alert> Minute(const std::vector<TargetVerdicts>& targets) {
    return MinuteOf(GroupFindings(targets, state_.Watched()));
  }
  std::vector<Alert> MinuteOf(const std::vector<Finding>& findings) {
    now_ += std::chrono::minutes(1);
    auto outcome = state_.Step(
        findings, acks_, now_,
        [this](const Finding& finding, const Labels&) {
          ++described_;
          AlertText text;
          text.annotations = {{"summary", "text " + std::to_string(described_)}};
          text.generator_url = "http://hw:9199/x";
          if (!finding.replicas.empty())
            text.evidence = Evidence{finding.replicas[0].target, finding.replicas[0].verdict.from,
                                     finding.replicas[0].verdict.to, "inuse_space"};
          return text;
        },
        circumstances_);
    for (AlertChange& change : outcome.changes) changes_.push_back(std::move(change));
    return std::move(outcome.due);
  }
  std::vector<Alert> See(const Verdict& verdict) {
    return Minute({OneSite(Replica("a:1"), verdict)});
  }
  std::vector<Alert> SeeFor(int n, const Verdict& verdict) {
    std::vector<Alert> all;
    for (int i = 0; i < n; ++i)
      for (Alert& alert : See(verdict)) all.push_back(std::move(alert));
    return all;
  }
  void MoveClock(Duration by) { now_ += by; }
  void FireNow() {
    See(MakeVerdict(VerdictKind::kLeak));
    ASSERT_EQ(Phase(), "firing");
  }
  // Of the only alert.
  std::string Phase() const {
    const auto views = state_.Views();
    return views.empty() ? "inactive" : std::string(ToString(views.front().phase));
  }
  // The labels of the alerts that a webhook has yet to be told of.
  void SetUntold(std::set<Labels> untold) { circumstances_.untold = std::move(untold); }
  void SetFoundJobs(std::set<std::string> jobs) { circumstances_.found_jobs = std::move(jobs); }
  void Restart() {
    AlertState restored(config_);
    ASSERT_TRUE(restored.Restore(state_.Save(circumstances_.untold)).has_value());
    state_ = std::move(restored);
  }
  // "firing", "resolved", ... since the last call.
  std::vector<std::string> Changes() {
    std::vector<std::string> states;
    for (const AlertChange& change : std::exchange(changes_, {})) states.push_back(change.state);
    return states;
  }
  AlertState& state() { return state_; }
  AckBook& acks() { return acks_; }
  Time now() const { return now_; }
  int described() const { return described_; }

 private:
  Config config_;
  AlertState state_;
  AckBook acks_;
  AlertState::Circumstances circumstances_;
  std::vector<AlertChange> changes_;
  Time now_ = kStart;
  int described_ = 0;
};

inline Config WaitingFor(Duration hold_for) {
  Config config;
  config.alerting.defaults.hold_for = hold_for;
  return config;
}

inline Verdict Flat() {
  return MakeVerdict(VerdictKind::kStable, 0);
}  // the upper bound is 0.6 MiB/h, under 25 % of 3.1

inline Verdict WithLimit(double low_hours, double high_hours) {
  Verdict v = MakeVerdict(VerdictKind::kLeak);
  v.seconds_to_limit = Interval{low_hours * 3600, high_hours * 3600};
  return v;
}

inline Ack AckFor(const WatchedService& s, Duration length) {
  return {.site_id = StoreSet().id_text(),
          .service = "checkout",
          .author = "ann",
          .reason = "HEAP-42",
          .created = s.now(),
          .expires = s.now() + length,
          .covers_pages = false};
}

}  // namespace heapwatch
