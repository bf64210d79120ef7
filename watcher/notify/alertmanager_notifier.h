// Delivers alerts to every Alertmanager there is, each by itself: one that hangs delays no other.
//
// Each has a queue and a task of its own (receiver.h) that posts it in batches. A batch the peer
// refuses (4xx) is not tried again, since Alertmanager has kept what was valid in it. All methods
// but the constructor may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
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
#include "watcher/notify/receiver.h"

namespace heapwatch {

class AlertmanagerNotifier : public Notifier {
 public:
  AlertmanagerNotifier(boost::asio::any_io_executor executor, NotifierOptions options,
                       TaskGroup::OnFailure on_failure);
  ~AlertmanagerNotifier() override;

  // Delivers to these from now on; a peer that was there before keeps its queue. A new one learns
  // of every alert within resend_delay, when all are sent again.
  void Apply(const AlertingConfig& config);
  void Send(std::vector<Alert> alerts) override;
  std::vector<NotifierStatus> Statuses() const;
  // Delivers what is queued, one attempt each, for as long as `grace`; then gives up. Waits.
  void Stop(Duration grace);

 private:
  struct Peer;
  boost::asio::awaitable<bool> SendBatch(std::shared_ptr<Peer> peer);

  const boost::asio::any_io_executor executor_;
  const NotifierOptions options_;
  HttpClient client_;
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Peer>> peers_;  // by URL; guarded by mutex_
};

}  // namespace heapwatch
