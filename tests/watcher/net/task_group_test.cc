#include "watcher/net/task_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::seconds;

asio::awaitable<void> SleepForAnHour() {
  asio::steady_timer timer(co_await asio::this_coro::executor, hours(1));
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> Throw() {
  throw std::runtime_error("broken");
  co_return;
}

class TaskGroupTest : public ::testing::Test {
 protected:
  void RunInBackground() {
    thread_ = std::thread([this] { context_.run(); });
  }
  ~TaskGroupTest() override {
    if (thread_.joinable()) thread_.join();
  }

  asio::io_context context_;
  std::vector<std::string> failures_;
  TaskGroup group_{context_.get_executor(), [this](std::string_view task, std::string_view what) {
                     failures_.push_back(std::string(task) + ": " + std::string(what));
                   }};
  std::thread thread_;
};

TEST_F(TaskGroupTest, TellsWhichTaskFailedAndWhy) {
  group_.Spawn("scrape of a", Throw());
  context_.run();
  EXPECT_THAT(failures_, ::testing::ElementsAre("scrape of a: broken"));
  EXPECT_EQ(group_.failures(), 1U);
  EXPECT_EQ(group_.size(), 0U);
}

TEST_F(TaskGroupTest, CancelEndsEveryTaskAndIsNoFailure) {
  for (int i = 0; i < 100; ++i) group_.Spawn("sleeper", SleepForAnHour());
  RunInBackground();
  group_.Cancel();
  EXPECT_TRUE(group_.WaitFor(seconds(60)));
  EXPECT_EQ(group_.failures(), 0U);
}

TEST_F(TaskGroupTest, WaitForGivesUpOnATaskThatGoesOn) {
  group_.Spawn("sleeper", SleepForAnHour());
  RunInBackground();
  EXPECT_FALSE(group_.WaitFor(Duration(1)));
  group_.Cancel();
  EXPECT_TRUE(group_.WaitFor(seconds(60)));
}

TEST_F(TaskGroupTest, AHandleCancelsItsTaskAlone) {
  const auto first = group_.Spawn("first", SleepForAnHour());
  group_.Spawn("second", SleepForAnHour());
  first.Cancel();
  context_.poll();
  EXPECT_EQ(group_.size(), 1U);
  group_.Cancel();
  context_.run();
  EXPECT_EQ(group_.size(), 0U);
  first.Cancel();  // it has ended: nothing happens
}

TEST_F(TaskGroupTest, ATaskThatBeginsWhileTheGroupIsCancelledEnds) {
  auto work = asio::make_work_guard(context_);
  RunInBackground();
  for (int i = 0; i < 300; ++i) {
    TaskGroup group(context_.get_executor(), {});
    std::thread spawning([&] {
      for (int task = 0; task < 100; ++task) group.Spawn("sleeper", SleepForAnHour());
    });
    while (group.size() == 0) std::this_thread::yield();
    group.Cancel();
    spawning.join();
    ASSERT_TRUE(group.WaitFor(seconds(60))) << i;
  }
  work.reset();
}

TEST_F(TaskGroupTest, NothingStartsAfterCancel) {
  group_.Cancel();
  group_.Spawn("late", Throw());
  context_.run();
  EXPECT_TRUE(failures_.empty());
}

}  // namespace
}  // namespace heapwatch
