#include "watcher/app/watch_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::Optional;

constexpr std::chrono::seconds kPatience(60);

class ManualClock : public Clock {
 public:
  Time Now() const override { return now; }
  std::atomic<Time> now = Time(std::chrono::hours(1));
};

class WatchListTest : public ::testing::Test {
 protected:
  WatchListTest() : thread_([this] { io_.run(); }) {}
  ~WatchListTest() override {
    tasks_.Cancel();
    EXPECT_TRUE(list_.Stop(kPatience));
    EXPECT_TRUE(tasks_.WaitFor(kPatience));
    work_.reset();
    thread_.join();
    cpu_.join();
  }
  void Configure(const std::string& job_fields) {
    const auto settings = LoadSettings(directory_.Write(
        "heapwatch.yml", "scrape_configs: [{job_name: shop, file_sd_configs: [{files: [t.yml]}]" +
                             job_fields + "}]"));
    ASSERT_TRUE(settings) << settings.error().message;
    list_.Configure(*settings);
  }
  // Instances of those watched, with a ? behind those that were lost.
  std::vector<std::string> Watched() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> watched;
    if (!watched_) return watched;
    for (const Target& target : watched_->targets)
      watched.push_back(target.labels.at("instance") + (target.lost ? "?" : ""));
    return watched;
  }
  std::optional<std::set<std::string>> FoundJobs() const {
    const std::scoped_lock lock(mutex_);
    return watched_->found_jobs;
  }
  bool Watches(const std::vector<std::string>& expected) const {
    return WaitUntil([&] { return Watched() == expected; }, kPatience);
  }

  TemporaryDirectory directory_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::thread_pool cpu_{1};
  ManualClock clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> watched_;
  TaskGroup::OnFailure on_failure_ = [](std::string_view, std::string_view what) {
    ADD_FAILURE() << what;
  };
  WatchList list_{{.io = io_.get_executor(),
                   .cpu = cpu_.get_executor(),
                   .clock = clock_,
                   .watch =
                       [this](std::shared_ptr<const Settings> settings) {
                         const std::scoped_lock lock(mutex_);
                         watched_ = std::move(settings);
                       },
                   .on_failure = on_failure_}};
  TaskGroup tasks_{io_.get_executor(), on_failure_};
  std::thread thread_;
};

TEST_F(WatchListTest, FollowsDiscoveryAndForgetsWhomItLostAfterAGrace) {
  directory_.Write("t.yml", "- targets: ['b:1']\n");
  Configure(", static_configs: [{targets: ['a:1']}]");
  EXPECT_THAT(Watched(), ElementsAre("a:1"));
  tasks_.Spawn("watch list", list_.Run());
  ASSERT_TRUE(Watches({"a:1", "b:1"}));
  directory_.Write("t.yml", "- targets: ['c:1']\n");
  ASSERT_TRUE(Watches({"a:1", "c:1", "b:1?"}));
  EXPECT_EQ(list_.Plan()->targets.size(), 3U);
  clock_.now = clock_.now.load() + std::chrono::minutes(5);
  ASSERT_TRUE(Watches({"a:1", "c:1"}));
  EXPECT_EQ(list_.DiscoveryStatuses().at(0).targets, 1U);
}

TEST_F(WatchListTest, TellsWhichJobsAreFoundUntilDiscoveryHasFoundAll) {
  directory_.Write("t.yml", "targets: [");
  Configure("}, {job_name: cart");
  tasks_.Spawn("watch list", list_.Run());
  const auto failures = [&] { return list_.DiscoveryStatuses().at(0).failures; };
  ASSERT_TRUE(WaitUntil([&] { return failures() > 0; }, kPatience));
  EXPECT_THAT(FoundJobs(), Optional(ElementsAre("cart")));
  directory_.Write("t.yml", "[]");
  EXPECT_TRUE(WaitUntil([&] { return !FoundJobs(); }, kPatience));
}

TEST_F(WatchListTest, AReloadKeepsWhatDiscoveryFound) {
  directory_.Write("t.yml", "- targets: ['b:1']\n");
  Configure("");
  tasks_.Spawn("watch list", list_.Run());
  ASSERT_TRUE(Watches({"b:1"}));
  Configure(", static_configs: [{targets: ['a:1']}]");
  EXPECT_THAT(Watched(), ElementsAre("a:1", "b:1"));
}

TEST_F(WatchListTest, TheFirstLookEndsOnceEverywhereWasLooked) {
  directory_.Write("t.yml", "- targets: ['b:1']\n");
  Configure("");
  std::atomic<bool> is_over = false;
  const auto look = [&]() -> asio::awaitable<void> {
    co_await list_.FirstLook();
    is_over = true;
  };
  tasks_.Spawn("first look", look());
  ASSERT_TRUE(WaitUntil([&] { return is_over.load(); }, kPatience));
  EXPECT_THAT(Watched(), ElementsAre("b:1"));
}

}  // namespace
}  // namespace heapwatch
