// Runs one discoverer as the service would, and keeps what it reports.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/subprocess.h"
#include "watcher/discovery/discoverer.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

class RunningDiscoverer {
 public:
  using Make = std::function<std::unique_ptr<Discoverer>(const boost::asio::any_io_executor& cpu)>;

  explicit RunningDiscoverer(const Make& make) : discoverer_(make(cpu_.get_executor())) {
    tasks_.Spawn("discoverer", discoverer_->Run([this](DiscoveryReport report) {
      const std::scoped_lock lock(mutex_);
      if (report.groups) groups_ = *report.groups;
      reports_.push_back(std::move(report));
    }));
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningDiscoverer() {
    tasks_.Cancel();
    EXPECT_TRUE(tasks_.WaitFor(std::chrono::seconds(60)));
    // That it was told to end is none.
    EXPECT_EQ(tasks_.failures(), 0U);
    work_.reset();
    thread_.join();
    cpu_.join();
  }
  RunningDiscoverer(const RunningDiscoverer&) = delete;
  RunningDiscoverer& operator=(const RunningDiscoverer&) = delete;

  std::vector<DiscoveryReport> reports() const {
    const std::scoped_lock lock(mutex_);
    return reports_;
  }
  // What it found last.
  TargetGroups groups() const {
    const std::scoped_lock lock(mutex_);
    return groups_;
  }
  std::string error() const {
    const std::scoped_lock lock(mutex_);
    return reports_.empty() ? "" : reports_.back().error;
  }

  // Until what it found last is as the test wants it.
  bool Finds(const std::function<bool(const TargetGroups&)>& condition) const {
    return WaitUntil([&] { return !reports().empty() && condition(groups()); },
                     std::chrono::seconds(60));
  }
  bool Tells(const std::string& error_part) const {
    return WaitUntil([&] { return error().find(error_part) != std::string::npos; },
                     std::chrono::seconds(60));
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  boost::asio::thread_pool cpu_{1};
  TaskGroup tasks_{io_.get_executor(), [](std::string_view, std::string_view) {}};
  mutable std::mutex mutex_;
  std::vector<DiscoveryReport> reports_;
  TargetGroups groups_;
  std::unique_ptr<Discoverer> discoverer_;
  std::thread thread_;
};

}  // namespace heapwatch
