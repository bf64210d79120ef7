// Who is watched: what the configuration names and what discovery finds, kept up to date while the
// service runs.
//
// The settings it was given are handed on with the targets there are now, at once and whenever
// discovery has found others or the grace of one that was lost is over. Configure, Plan and
// DiscoveryStatuses may be called from any thread.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "watcher/app/settings.h"
#include "watcher/discovery/discovery.h"
#include "watcher/discovery/target_set.h"
#include "watcher/net/clock.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

struct WatchListParts {
  boost::asio::any_io_executor io;
  boost::asio::any_io_executor cpu;
  const Clock& clock;
  // Watch these from now on. Never called twice at once.
  std::function<void(std::shared_ptr<const Settings>)> watch;
  TaskGroup::OnFailure on_failure;
};

class WatchList {
 public:
  explicit WatchList(WatchListParts parts);

  void Configure(std::shared_ptr<const Settings> settings);
  // Follows discovery; runs until it is cancelled.
  boost::asio::awaitable<void> Run();
  // Until everywhere was looked once, or for a while: before that a restarted service would take
  // for gone whom it has not found yet.
  boost::asio::awaitable<void> FirstLook();
  bool Stop(Duration timeout) { return discovery_.Stop(timeout); }

  std::shared_ptr<const TargetPlan> Plan() const;  // never null
  std::vector<DiscoveryStatus> DiscoveryStatuses() const { return discovery_.Statuses(); }

 private:
  void Renew();

  const WatchListParts parts_;
  std::mutex renew_mutex_;  // guards the next two
  std::shared_ptr<const Settings> configured_;
  TargetSet set_;
  mutable std::mutex plan_mutex_;
  std::shared_ptr<const TargetPlan> plan_ = std::make_shared<TargetPlan>();  // guarded by it
  std::atomic<bool> is_outdated_ = false;
  Discovery discovery_;
};

}  // namespace heapwatch
