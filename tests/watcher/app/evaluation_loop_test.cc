// The loop over a store and a clock of the test: what becomes of what it finds.
#include "watcher/app/evaluation_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>
#include <new>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/subprocess.h"
#include "tests/support/test_profile.h"
#include "watcher/app/describe.h"
#include "watcher/app/stored_limits.h"
#include "watcher/discovery/target_set.h"
#include "watcher/net/task_group.h"
#include "watcher/store/memory_store.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(60);
const Time kStart = FromUnixMillis(1'795'348'800'000);

class FakeClock : public Clock {
 public:
  Time Now() const override { return FromUnixMillis(now_ms_); }
  void Set(Time now) { now_ms_ = ToUnixMillis(now); }

 private:
  std::atomic<std::int64_t> now_ms_ = ToUnixMillis(kStart);
};

class Ears : public Notifier {
 public:
  void Send(std::vector<Alert> alerts) override {
    const std::scoped_lock lock(mutex_);
    for (Alert& alert : alerts) heard_.push_back(std::move(alert));
  }
  // The last that was told under this name.
  std::optional<Alert> Last(std::string_view alertname) const {
    const std::scoped_lock lock(mutex_);
    std::optional<Alert> last;
    for (const Alert& alert : heard_)
      if (Get(alert.labels, "alertname") == alertname) last = alert;
    return last;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Alert> heard_;
};

// It may be that a target's history does not fit into memory.
class ScarceStore : public MemoryStore {
 public:
  Result<SiteWindow> Window(TargetId target, Time from, Time to,
                            const SiteAttributor& attributor) const override {
    if (lacks_memory) throw std::bad_alloc();
    return MemoryStore::Window(target, from, to, attributor);
  }
  Result<HeapProfile> ProfileAt(TargetId target, Time at) const override {
    if (lacks_memory) throw std::bad_alloc();
    return MemoryStore::ProfileAt(target, at);
  }
  Result<std::vector<StoredTarget>> Targets() const override {
    if (cannot_list) return heapwatch::Fail(ErrorCode::kUnavailable, "no list");
    return MemoryStore::Targets();
  }
  std::atomic<bool> lacks_memory = false;
  std::atomic<bool> cannot_list = false;
};

class EvaluationLoopTest : public ::testing::Test {
 protected:
  EvaluationLoopTest() {
    auto config = std::make_shared<Config>();
    config->global.evaluation_interval = Duration(1);  // of the fake clock, which stands still
    config->detection.warm_up = minutes(5);
    config->detection.warm_up_cycles = 5;
    config->detection.patience = minutes(30);
    auto settings = std::make_shared<Settings>();
    settings->config = config;
    settings->attributor = SiteAttributor::Create({}).value();
    settings->targets = {Target{}};
    settings->targets[0].labels = target_;
    settings_ = settings;
    Begin();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~EvaluationLoopTest() override {
    End();
    work_.reset();
    thread_.join();
  }

  void Begin() {
    loop_ = std::make_unique<EvaluationLoop>(
        EvaluationParts{.judging = io_.get_executor(),
                        .clock = clock_,
                        .store = store_,
                        .alertmanagers = ears_,
                        .webhooks = webhooks_,
                        .metrics = metrics_,
                        .site_gauges = site_gauges_,
                        .external_url = "http://hw.example:9199",
                        .asks_password = [] { return false; },
                        .settings = [this] { return settings_; },
                        .acks = acks_,
                        .target_statuses = [this] { return Statuses(); }});
    loop_->RestoreAlerts();
    tasks_ = std::make_unique<TaskGroup>(io_.get_executor(), Fail);
    tasks_->Spawn("evaluation", loop_->Run());
  }
  void End() {
    tasks_->Cancel();
    EXPECT_TRUE(tasks_->WaitFor(kPatience));
  }
  static void Fail(std::string_view task, std::string_view what) {
    ADD_FAILURE() << task << ": " << what;
  }

  std::vector<TargetStatus> Statuses() const {
    const std::scoped_lock lock(mutex_);
    std::vector<TargetStatus> statuses = statuses_;
    for (TargetStatus& status : statuses)
      if (!limits_in_turn_.empty())
        status.memory_limit_bytes = limits_in_turn_[turn_++ % limits_in_turn_.size()];
    return statuses;
  }
  void SetStatus(bool up, std::optional<Time> lost = std::nullopt) {
    TargetStatus status;
    status.labels = target_;
    status.up = up;
    status.last_error = up ? "" : "connection refused";
    status.last_scrape = clock_.Now();
    status.lost = lost;
    const std::scoped_lock lock(mutex_);
    statuses_ = {std::move(status)};
  }
  // The target is down, where it is watched: as discovery finds it now or does not.
  void FindTarget(bool is_there) {
    ScrapeConfig job;
    job.job_name = "api";
    TargetGroups groups;
    if (is_there) groups.push_back({{"a:6060"}, {}});
    const auto plan = target_set_.Update(
        {job}, {{"api", {std::make_shared<const TargetGroups>(std::move(groups))}}}, clock_.Now());
    if (!plan->targets.empty()) return SetStatus(false, plan->targets[0].lost);
    const std::scoped_lock lock(mutex_);
    statuses_.clear();
  }
  // Whole evaluations at this moment.
  void EvaluateAt(Time now) {
    clock_.Set(now);
    ASSERT_TRUE(WaitUntil([&] { return loop_->Latest()->time == now; }, kPatience));
  }
  // A leak of 10 MiB a minute, from the start on.
  void LeakUntil(int minute) {
    for (int m = 0; m < minute; ++m) {
      const Time now = kStart + minutes(m);
      ASSERT_TRUE(store_.Append(target_, now, TestProfile((m + 1) * (10LL << 20))));
      EvaluateAt(now);
    }
  }

  const Labels target_ = {{"instance", "a:6060"}, {"job", "api"}, {"service", "api"}};
  std::shared_ptr<const Settings> settings_;
  FakeClock clock_;
  ScarceStore store_;
  mutable std::mutex mutex_;
  std::vector<TargetStatus> statuses_;        // guarded by mutex_
  std::vector<std::int64_t> limits_in_turn_;  // that the targets tell, a new one each time
  mutable std::size_t turn_ = 0;
  TargetSet target_set_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  Ears ears_;
  WebhookNotifier webhooks_{io_.get_executor(),
                            io_.get_executor(),
                            {},
                            [](const Alert&, std::size_t) { return std::string(); },
                            Fail};
  ServiceMetrics metrics_{""};
  SiteGauges site_gauges_;
  StoredAcks acks_{store_, clock_};
  std::unique_ptr<EvaluationLoop> loop_;
  std::unique_ptr<TaskGroup> tasks_;
  std::thread thread_;
};

TEST_F(EvaluationLoopTest, KeepsTheTwoHeapsOfAnAlertUntilTwoWeeksAfterItsEnd) {
  LeakUntil(90);
  const auto alert = ears_.Last("HeapLeak");
  ASSERT_TRUE(alert);
  ASSERT_TRUE(alert->evidence);
  const auto diff = [&] { return DiffOf(*alert->evidence, store_, *settings_->attributor); };
  ASSERT_TRUE(diff());
  const std::int64_t grown = diff()->total.change();
  EXPECT_GT(grown, 0);

  // The service is gone, and all of its history but what the alert shows.
  Retention one_hour;
  one_hour.age = hours(1);
  const auto pass = [&](Time now) {
    EvaluateAt(now);
    ASSERT_TRUE(store_.Age(one_hour, now));
  };
  pass(kStart + hours(24 * 7));  // it fires as long as nobody knows better
  EXPECT_EQ(diff()->total.change(), grown);
  auto without = std::make_shared<Settings>(*settings_);
  without->targets.clear();
  End();
  settings_ = without;
  const Time clear = kStart + hours(24 * 8);
  clock_.Set(clear);
  Begin();
  pass(clear);
  const Time ended = clear + minutes(15);
  pass(ended);
  EXPECT_TRUE(ears_.Last("HeapLeak")->is_resolved);
  pass(ended + hours(24 * 14) - minutes(1));
  ASSERT_TRUE(diff());
  EXPECT_EQ(diff()->total.change(), grown);
  pass(ended + hours(24 * 14));
  EXPECT_FALSE(diff());
}

TEST_F(EvaluationLoopTest, WantOfMemoryForATargetLeavesItsAlertsAsTheyAre) {
  LeakUntil(90);
  ASSERT_TRUE(ears_.Last("HeapLeak"));
  store_.lacks_memory = true;
  EvaluateAt(kStart + minutes(91));
  EvaluateAt(kStart + hours(24));
  EXPECT_EQ(loop_->Alerts().at(0).phase, AlertPhase::kFiring);
  EXPECT_FALSE(ears_.Last("HeapLeak")->is_resolved);
  store_.lacks_memory = false;
  EvaluateAt(kStart + hours(25));
  EXPECT_FALSE(loop_->Latest()->targets.at(0).sites.empty());
}

TEST_F(EvaluationLoopTest, KnowsTheMemoryLimitThatATargetTells) {
  SetStatus(true);
  statuses_.at(0).memory_limit_bytes = 4LL << 30;
  LeakUntil(60);
  ASSERT_TRUE(ears_.Last("HeapLeak"));
  EXPECT_THAT(Get(ears_.Last("HeapLeak")->annotations, "summary"), HasSubstr("limit in "));
}

TEST_F(EvaluationLoopTest, NamesTheMemoryLimitThatTheVerdictWentByThoughAnotherIsToldMeanwhile) {
  SetStatus(true);
  End();
  // Targets are asked before they are judged, and once more for their health.
  limits_in_turn_ = {4LL << 30, 8LL << 30};
  turn_ = 0;
  Begin();
  LeakUntil(60);
  ASSERT_TRUE(ears_.Last("HeapLeak"));
  EXPECT_THAT(Get(ears_.Last("HeapLeak")->annotations, "description"),
              HasSubstr("may have 4.0 GiB"));
}

TEST_F(EvaluationLoopTest, KeepsTheMemoryLimitOfATargetAsLongAsItsHistory) {
  const auto limits_at = [&](int minute) {
    EvaluateAt(kStart + minutes(minute));
    // The moment may have been judged before its statuses were set.
    EvaluateAt(kStart + minutes(minute) + std::chrono::seconds(1));
    return ReadLimits(store_).value();
  };
  const MemoryLimits limit = {{TargetId::Of(target_), 4LL << 30}};
  const auto set_status = [&](std::optional<std::int64_t> bytes, std::optional<Time> last_scrape) {
    SetStatus(true);
    const std::scoped_lock lock(mutex_);
    statuses_.at(0).memory_limit_bytes = bytes;
    statuses_.at(0).last_scrape = last_scrape;
  };
  set_status(limit.begin()->second, kStart);
  EXPECT_EQ(limits_at(1), MemoryLimits());  // nothing is stored of it yet
  ASSERT_TRUE(store_.Append(target_, kStart, TestProfile(1 << 20)));
  EXPECT_EQ(limits_at(2), limit);
  set_status(std::nullopt, std::nullopt);  // after a start, before it was asked
  EXPECT_EQ(limits_at(3), limit);
  FindTarget(false);
  EXPECT_EQ(limits_at(4), limit);
  store_.cannot_list = true;
  EXPECT_EQ(limits_at(5), limit);
  End();
  Begin();
  EXPECT_EQ(limits_at(6), limit);
  store_.cannot_list = false;
  set_status(std::nullopt, kStart);  // it has no limit any more
  EXPECT_EQ(limits_at(7), MemoryLimits());
  // What cannot be read is begun anew.
  ASSERT_TRUE(store_.PutState("memory_limits", "{"));
  EXPECT_EQ(ReadLimits(store_).error().code, ErrorCode::kCorrupt);
  set_status(limit.begin()->second, kStart);
  EXPECT_EQ(limits_at(8), limit);
}

TEST_F(EvaluationLoopTest, TellsOfATargetThatIsDownUntilDiscoveryDropsIt) {
  const auto at = [&](int minute, bool is_found) {
    clock_.Set(kStart + minutes(minute));
    FindTarget(is_found);
    EvaluateAt(kStart + minutes(minute));
    // The moment may have been judged before the target was lost.
    EvaluateAt(kStart + minutes(minute) + std::chrono::seconds(1));
  };
  const auto down = [&] { return ears_.Last("HeapWatchTargetDown"); };
  at(1, true);
  // Discovery has a bad moment: the target is down all the while.
  at(10, false);
  at(12, true);
  at(15, true);
  EXPECT_FALSE(down());
  at(16, true);
  ASSERT_TRUE(down());
  EXPECT_THAT(Get(down()->annotations, "description"), HasSubstr("a:6060 since 2026-11-22T12:01:"));
  // It is gone, not down: first lost, then forgotten.
  at(17, false);
  at(23, false);
  EXPECT_TRUE(Statuses().empty());
  at(31, false);
  EXPECT_FALSE(down()->is_resolved);
  at(32, false);
  EXPECT_TRUE(down()->is_resolved);
}

TEST_F(EvaluationLoopTest, TellsOnceThatThereAreMoreProblemsThanAlerts) {
  std::ostringstream log;
  End();
  const auto logger = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  Begin();
  SetStatus(false);
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < AlertState::kMaxAlerts + 4; ++i) {
      statuses_.push_back(statuses_.front());
      statuses_.back().labels["service"] = "s" + std::to_string(i);
    }
  }
  for (const int minute : {1, 20, 21, 22}) EvaluateAt(kStart + minutes(minute));
  const auto left_out = [&] {
    ServiceStatus status;
    status.plan = std::make_shared<const TargetPlan>();
    for (const auto& family : metrics_.Collect(status))
      if (family.name == "heapwatch_alerts_left_out") return family.metric.at(0).gauge.value;
    return -1.0;
  };
  EXPECT_EQ(left_out(), 5);
  SetStatus(true);
  for (const int minute : {23, 24}) EvaluateAt(kStart + minutes(minute));
  EXPECT_EQ(left_out(), 0);
  End();
  spdlog::set_default_logger(logger);
  Begin();
  const auto times = [&](std::string_view what) {
    int count = 0;
    for (std::size_t at = 0; (at = log.str().find(what, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(times("5 problems have no alert, as there are 2000 alerts already"), 1) << log.str();
  EXPECT_EQ(times("every problem has its alert again"), 1);
}

TEST_F(EvaluationLoopTest, KnowsOverARestartSinceWhenATargetIsDown) {
  const auto restart = [&](Time now) {
    End();
    statuses_.at(0).last_scrape.reset();
    clock_.Set(now);
    Begin();
    EvaluateAt(now);
  };
  SetStatus(false);
  EvaluateAt(kStart + minutes(1));
  EvaluateAt(kStart + minutes(12));
  restart(kStart + minutes(13));
  SetStatus(false);
  EvaluateAt(kStart + minutes(16));
  ASSERT_TRUE(ears_.Last("HeapWatchTargetDown"));
  EXPECT_FALSE(ears_.Last("HeapWatchTargetDown")->is_resolved);
  // Nobody knows what it did while Heapwatch was away for long.
  restart(kStart + minutes(30));
  SetStatus(false);
  EvaluateAt(kStart + minutes(31));
  EvaluateAt(kStart + minutes(32));
  EXPECT_EQ(loop_->Alerts().at(0).firing_since, kStart + minutes(16));
  restart(kStart + hours(24));
  SetStatus(true);
  EvaluateAt(kStart + hours(24) + minutes(16));
  SetStatus(false);
  EvaluateAt(kStart + hours(25));
  EvaluateAt(kStart + hours(25) + minutes(14));
  EXPECT_TRUE(ears_.Last("HeapWatchTargetDown")->is_resolved);
}

}  // namespace
}  // namespace heapwatch
