// Delivers each alert once when it fires and once when it is resolved, as one JSON document
// (alerting/webhook_payload.h), to every webhook of the configuration; each has a queue and a task
// of its own (receiver.h), so that one that hangs delays no other.
//
// At least once: what could not be delivered is tried again, and Undelivered tells what must be
// sent anew after a restart. A newer state of an alert takes the place of one that still waits. A
// document that is refused (4xx) is given up and counted. All methods but the constructor may be
// called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "alerting/notifier.h"
#include "analysis/base/labels.h"
#include "config/config.h"
#include "watcher/net/http_client.h"
#include "watcher/net/task_group.h"
#include "watcher/notify/receiver.h"

namespace heapwatch {

class WebhookNotifier : public Notifier {
 public:
  // The document for an alert, at most so many bytes; it may read the store, and runs on `cpu`.
  using Render = std::function<std::string(const Alert&, std::size_t max_bytes)>;

  WebhookNotifier(boost::asio::any_io_executor executor, boost::asio::any_io_executor cpu,
                  NotifierOptions options, Render render, TaskGroup::OnFailure on_failure);
  ~WebhookNotifier() override;

  // Delivers to these from now on. One that was there before keeps its queue, and so does one whose
  // URL was changed in its place of the list: what waits goes to the new URL.
  void Apply(const AlertingConfig& config);
  void Send(std::vector<Alert> alerts) override;
  // The labels of the alerts that a webhook has yet to be told of.
  std::set<Labels> Undelivered() const;
  std::vector<NotifierStatus> Statuses() const;
  // Delivers what is queued, one attempt each, for as long as `grace`; then gives up. Waits.
  void Stop(Duration grace);

 private:
  struct Peer;
  boost::asio::awaitable<bool> SendOne(std::shared_ptr<Peer> peer);

  const boost::asio::any_io_executor executor_;
  const boost::asio::any_io_executor cpu_;
  const NotifierOptions options_;
  const Render render_;
  HttpClient client_;
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Peer>> peers_;  // by URL; guarded by mutex_
};

}  // namespace heapwatch
