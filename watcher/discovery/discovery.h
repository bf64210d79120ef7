// Runs the discoverers that the configuration asks for, each as a task of its own, and keeps what
// each found last.
//
// One whose settings a reload did not touch goes on undisturbed. Where they were changed, what was
// found before stays until the new ones have reported. Apply, Groups, Statuses and Stop may be
// called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "watcher/discovery/discoverer.h"
#include "watcher/discovery/target_set.h"
#include "watcher/net/clock.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

// How one discoverer does.
struct DiscoveryStatus {
  std::string job;
  std::string mechanism;  // "file"
  std::string place;      // where it looks, for people
  std::size_t targets = 0;
  std::string error;  // "" while all is well
  std::optional<Time> last_success;
  std::uint64_t failures = 0;
};

struct DiscoveryParts {
  boost::asio::any_io_executor io;
  const Clock& clock;
  std::function<std::unique_ptr<Discoverer>(const DiscoveryConfig&)> make;
  // The groups are others now, or a job is no longer unfound; from any thread.
  std::function<void()> on_change;
  TaskGroup::OnFailure on_failure;
};

class Discovery {
 public:
  explicit Discovery(DiscoveryParts parts);

  void Apply(const std::vector<ScrapeConfig>& jobs);
  FoundGroups Groups() const;
  std::vector<DiscoveryStatus> Statuses() const;  // in the order of the configuration
  // Jobs with a discoverer that has yet to succeed for the first time: nobody knows their targets.
  std::set<std::string> UnfoundJobs() const;
  // Whether each has reported at least once.
  bool HasReported() const;
  // Ends all looking. False if that took longer than `timeout`.
  bool Stop(Duration timeout);

 private:
  struct Running;
  boost::asio::awaitable<void> Run(std::shared_ptr<Running> running);
  void Take(Running& running, DiscoveryReport report);

  const DiscoveryParts parts_;
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Running>> running_;  // guarded by mutex_, as is what they hold
};

// The real discoverer of each mechanism; blocking work is done on `cpu`.
std::unique_ptr<Discoverer> MakeDiscoverer(const DiscoveryConfig& config,
                                           const boost::asio::any_io_executor& cpu);

}  // namespace heapwatch
