#include "watcher/discovery/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr seconds kPatience(60);

// What the fakes find, by their place; and how many of each were started and ended.
struct Places {
  std::mutex mutex;
  std::map<std::string, DiscoveryReport> now;
  std::map<std::string, int> started;
  std::map<std::string, int> ended;

  void Set(const std::string& place, DiscoveryReport report) {
    const std::scoped_lock lock(mutex);
    now[place] = std::move(report);
  }
  int Started(const std::string& place) {
    const std::scoped_lock lock(mutex);
    return started[place];
  }
  int Ended(const std::string& place) {
    const std::scoped_lock lock(mutex);
    return ended[place];
  }
};

// Reports what stands at its place, over and over; nothing while nothing stands there. Cut off in
// the midst, it reports that, as who waits for an answer does.
class FakeDiscoverer : public Discoverer {
 public:
  FakeDiscoverer(Places& places, std::string place) : places_(places), place_(std::move(place)) {
    const std::scoped_lock lock(places_.mutex);
    ++places_.started[place_];
  }
  ~FakeDiscoverer() override {
    const std::scoped_lock lock(places_.mutex);
    ++places_.ended[place_];
  }
  asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) override {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
      std::optional<DiscoveryReport> now;
      {
        const std::scoped_lock lock(places_.mutex);
        if (const auto it = places_.now.find(place_); it != places_.now.end()) now = it->second;
      }
      if (now) report(*now);
      timer.expires_after(std::chrono::milliseconds(1));
      const auto [cut_off] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!cut_off) continue;
      report({std::nullopt, "stopped"});
      co_return;
    }
  }

 private:
  Places& places_;
  const std::string place_;
};

ScrapeConfig Job(const std::string& name, const std::vector<std::string>& places) {
  ScrapeConfig job;
  job.job_name = name;
  for (const std::string& place : places) job.discovery_configs.emplace_back(FileSdConfig{{place}});
  return job;
}

TargetGroups Group(const std::string& target) { return {{{target}, {}}}; }

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() : thread_([this] { io_.run(); }) {}
  ~DiscoveryTest() override {
    EXPECT_TRUE(discovery_.Stop(kPatience));
    work_.reset();
    thread_.join();
  }
  // All targets found of a job, those of each discoverer in order.
  std::vector<std::string> TargetsOf(const std::string& job) const {
    std::vector<std::string> targets;
    const auto lists = discovery_.Groups()[job];
    for (const auto& groups : lists)
      for (const StaticConfig& group : *groups)
        targets.insert(targets.end(), group.targets.begin(), group.targets.end());
    return targets;
  }
  bool Finds(const std::string& job, const std::vector<std::string>& targets) const {
    return WaitUntil([&] { return TargetsOf(job) == targets; }, kPatience);
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  SystemClock clock_;
  Places places_;
  std::atomic<int> changes_ = 0;
  Discovery discovery_{
      {.io = io_.get_executor(),
       .clock = clock_,
       .make =
           [this](const DiscoveryConfig& config) {
             return std::make_unique<FakeDiscoverer>(places_, PlaceOf(config));
           },
       .on_change = [this] { ++changes_; },
       .on_failure = [](std::string_view, std::string_view what) { ADD_FAILURE() << what; }}};
  std::thread thread_;
};

TEST_F(DiscoveryTest, KeepsWhatEachFindsAndTellsOfChangesOnly) {
  places_.Set("x", {Group("a:1"), ""});
  discovery_.Apply({Job("shop", {"x", "y"}), Job("cart", {"x"})});
  ASSERT_TRUE(Finds("shop", {"a:1"}));
  ASSERT_TRUE(Finds("cart", {"a:1"}));
  EXPECT_FALSE(discovery_.HasReported());
  places_.Set("y", {Group("b:1"), ""});
  ASSERT_TRUE(Finds("shop", {"a:1", "b:1"}));
  EXPECT_TRUE(WaitUntil([&] { return discovery_.HasReported(); }, kPatience));
  // The same again and again is no change.
  EXPECT_TRUE(WaitUntil([&] { return changes_ == 3; }, kPatience));
  places_.Set("x", {Group("a:2"), ""});
  ASSERT_TRUE(Finds("shop", {"a:2", "b:1"}));
  ASSERT_TRUE(Finds("cart", {"a:2"}));
  EXPECT_TRUE(WaitUntil([&] { return changes_ == 5; }, kPatience));
  EXPECT_EQ(changes_, 5);
}

TEST_F(DiscoveryTest, AFailureLeavesWhatWasFoundAndIsTold) {
  places_.Set("x", {Group("a:1"), ""});
  discovery_.Apply({Job("shop", {"x"})});
  ASSERT_TRUE(Finds("shop", {"a:1"}));
  places_.Set("x", {std::nullopt, "it is broken"});
  ASSERT_TRUE(WaitUntil([&] { return discovery_.Statuses().at(0).failures > 1; }, kPatience));
  DiscoveryStatus status = discovery_.Statuses().at(0);
  EXPECT_EQ(status.error, "it is broken");
  EXPECT_EQ(status.job, "shop");
  EXPECT_EQ(status.mechanism, "file");
  EXPECT_EQ(status.place, "x");
  EXPECT_EQ(status.targets, 1U);
  EXPECT_TRUE(status.last_success);
  EXPECT_THAT(TargetsOf("shop"), ElementsAre("a:1"));
  places_.Set("x", {TargetGroups(), ""});
  ASSERT_TRUE(Finds("shop", {}));
  status = discovery_.Statuses().at(0);
  EXPECT_EQ(status.error, "");
  EXPECT_EQ(status.targets, 0U);
}

TEST_F(DiscoveryTest, ALookThatTheStopCutsOffHasNotFailed) {
  places_.Set("x", {Group("a:1"), ""});
  discovery_.Apply({Job("shop", {"x"})});
  ASSERT_TRUE(Finds("shop", {"a:1"}));
  ASSERT_TRUE(discovery_.Stop(kPatience));
  EXPECT_EQ(discovery_.Statuses().at(0).error, "");
  EXPECT_EQ(discovery_.Statuses().at(0).failures, 0U);
}

TEST_F(DiscoveryTest, AReloadLeavesAloneWhatItDidNotTouch) {
  places_.Set("x", {Group("a:1"), ""});
  places_.Set("y", {Group("b:1"), ""});
  discovery_.Apply({Job("shop", {"x"}), Job("cart", {"y"})});
  ASSERT_TRUE(Finds("shop", {"a:1"}));
  ASSERT_TRUE(Finds("cart", {"b:1"}));
  ScrapeConfig shop = Job("shop", {"x"});
  shop.profile_path = "/other";
  discovery_.Apply({shop});
  EXPECT_TRUE(WaitUntil([&] { return places_.Ended("y") == 1; }, kPatience));
  EXPECT_THAT(TargetsOf("shop"), ElementsAre("a:1"));
  EXPECT_THAT(TargetsOf("cart"), IsEmpty());
  EXPECT_EQ(places_.Started("x"), 1);
  EXPECT_EQ(places_.Ended("x"), 0);
}

TEST_F(DiscoveryTest, WhatWasFoundBeforeStaysUntilTheChangedPlaceWasLookedAt) {
  places_.Set("x", {Group("a:1"), ""});
  discovery_.Apply({Job("shop", {"x"})});
  ASSERT_TRUE(Finds("shop", {"a:1"}));
  discovery_.Apply({Job("shop", {"y"})});
  EXPECT_TRUE(WaitUntil([&] { return places_.Ended("x") == 1; }, kPatience));
  EXPECT_THAT(TargetsOf("shop"), ElementsAre("a:1"));
  places_.Set("y", {TargetGroups(), "it is broken"});
  EXPECT_TRUE(WaitUntil([&] { return discovery_.Statuses().at(0).failures > 1; }, kPatience));
  EXPECT_THAT(TargetsOf("shop"), ElementsAre("a:1"));
  places_.Set("y", {Group("b:1"), ""});
  EXPECT_TRUE(Finds("shop", {"b:1"}));
}

}  // namespace
}  // namespace heapwatch
