// What both notifiers keep of one receiver: a bounded queue (alerting/send_queue.h), a task of its
// own that empties it, and the counts of how that goes. What could not be delivered is tried again,
// with waits that double up to a bound. All may be used from any thread.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "alerting/send_queue.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "watcher/net/http_client.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

struct NotifierOptions {
  std::size_t queue_capacity = 10'000;  // alerts, for each receiver
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

struct Receiver {
  Receiver(const boost::asio::any_io_executor& executor, std::size_t capacity)
      : queue(capacity), woken(executor, 1) {}

  // The task looks at the queue and at `stopping` after it was woken; once is enough for many
  // calls.
  void Wake() { woken.try_send(boost::system::error_code()); }
  // Has the task try at once, and end when the queue is empty or such an attempt has failed.
  void Stop();
  NotifierStatus Status(std::string name) const;

  SendQueue queue;
  boost::asio::experimental::concurrent_channel<boost::asio::any_io_executor,
                                                void(boost::system::error_code)>
      woken;
  TaskGroup::Handle task;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> errors = 0;
};

// The receiver's task: calls `attempt` as long as something is queued. It takes from the queue, and
// tells whether it is done with what it took; where not, it has put it back. `attempt` keeps the
// receiver alive.
boost::asio::awaitable<void> EmptyQueue(Receiver& receiver, NotifierOptions options,
                                        std::function<boost::asio::awaitable<bool>()> attempt);

struct DeliveryFailure {
  Error error;
  bool try_again = false;  // not where the receiver has refused what it was sent
};

// Nothing where the receiver has accepted.
std::optional<DeliveryFailure> FailureOf(const Result<HttpResponse>& response);

}  // namespace heapwatch
