// Delivers alerts to every Alertmanager there is, each by itself: one that hangs delays no other.
//
// Each peer has a bounded queue (alerting/send_queue.h) and a task of its own that posts it in
// batches. What could not be delivered is tried again, with waits that double up to a bound; a
// batch the peer refuses (4xx) is not, since Alertmanager has kept what was valid in it. All
// methods but the constructor may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "alerting/notifier.h"
#include "analysis/base/time.h"
#include "config/config.h"
#include "watcher/net/http_client.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

struct NotifierOptions {
  std::size_t queue_capacity = 10'000;  // alerts, for each peer
  Duration first_wait = std::chrono::milliseconds(500);
  Duration longest_wait = std::chrono::seconds(30);
};

// How delivery to one receiver goes: for metrics.
struct NotifierStatus {
  std::string url;            // of an Alertmanager; else the receiver's name
  std::uint64_t sent = 0;     // alerts
  std::uint64_t refused = 0;  // alerts of batches answered with 4xx
  std::uint64_t dropped = 0;  // alerts, because the queue was full
  std::uint64_t errors = 0;   // attempts that failed
  std::size_t queued = 0;     // alerts, now
};

class AlertmanagerNotifier : public Notifier {
 public:
  AlertmanagerNotifier(boost::asio::any_io_executor executor, NotifierOptions options,
                       TaskGroup::OnFailure on_failure);
  ~AlertmanagerNotifier() override;

  // Delivers to these from now on; a peer that was there before keeps its queue.
  void Apply(const AlertingConfig& config);
  void Send(std::vector<Alert> alerts) override;
  std::vector<NotifierStatus> Statuses() const;
  // Delivers what is queued, one attempt each, for as long as `grace`; then gives up. Waits.
  void Stop(Duration grace);

 private:
  struct Peer;
  boost::asio::awaitable<void> Loop(std::shared_ptr<Peer> peer);
  boost::asio::awaitable<bool> SendBatch(std::shared_ptr<Peer> peer);

  const boost::asio::any_io_executor executor_;
  const NotifierOptions options_;
  HttpClient client_;
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Peer>> peers_;  // by URL; guarded by mutex_
};

}  // namespace heapwatch
