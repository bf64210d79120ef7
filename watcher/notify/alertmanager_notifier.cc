#include "watcher/notify/alertmanager_notifier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "alerting/alertmanager.h"
#include "alerting/send_queue.h"

namespace heapwatch {

namespace asio = boost::asio;
using boost::system::error_code;

struct AlertmanagerNotifier::Peer {
  Peer(const asio::any_io_executor& executor, std::string peer_url, Duration peer_timeout,
       std::size_t capacity)
      : url(std::move(peer_url)), timeout(peer_timeout), queue(capacity), woken(executor, 1) {}

  // The task looks at the queue and at `stopping` after it was woken; once is enough for many
  // calls.
  void Wake() { woken.try_send(error_code()); }

  const std::string url;
  std::atomic<Duration> timeout;
  SendQueue queue;
  asio::experimental::concurrent_channel<asio::any_io_executor, void(error_code)> woken;
  TaskGroup::Handle task;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> errors = 0;
};

AlertmanagerNotifier::AlertmanagerNotifier(asio::any_io_executor executor, NotifierOptions options,
                                           TaskGroup::OnFailure on_failure)
    : executor_(std::move(executor)), options_(options), tasks_(executor_, std::move(on_failure)) {}

AlertmanagerNotifier::~AlertmanagerNotifier() = default;

void AlertmanagerNotifier::Apply(const AlertingConfig& config) {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::shared_ptr<Peer>> wanted;
  for (const AlertmanagerConfig& manager : config.alertmanagers) {
    for (const StaticConfig& group : manager.static_configs) {
      for (const std::string& address : group.targets) {
        const std::string url =
            manager.scheme + "://" + address + AlertmanagerPath(manager.path_prefix);
        const auto known = peers_.find(url);
        if (known != peers_.end()) {
          known->second->timeout = manager.timeout;
          wanted[url] = known->second;
        } else if (!wanted.contains(url)) {
          wanted[url] =
              std::make_shared<Peer>(executor_, url, manager.timeout, options_.queue_capacity);
          wanted[url]->task = tasks_.Spawn("notifier to " + url, Loop(wanted[url]));
        }
      }
    }
  }
  for (const auto& [url, peer] : peers_)
    if (!wanted.contains(url)) peer->task.Cancel();
  peers_ = std::move(wanted);
}

void AlertmanagerNotifier::Send(std::vector<Alert> alerts) {
  if (alerts.empty()) return;
  const std::scoped_lock lock(mutex_);
  for (const auto& [url, peer] : peers_) {
    peer->queue.Push(alerts);
    peer->Wake();
  }
}

std::vector<NotifierStatus> AlertmanagerNotifier::Statuses() const {
  const std::scoped_lock lock(mutex_);
  std::vector<NotifierStatus> statuses;
  for (const auto& [url, peer] : peers_)
    statuses.push_back({.url = url,
                        .sent = peer->sent,
                        .refused = peer->refused,
                        .dropped = peer->queue.dropped_count(),
                        .errors = peer->errors,
                        .queued = peer->queue.size()});
  return statuses;
}

void AlertmanagerNotifier::Stop(Duration grace) {
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [url, peer] : peers_) {
      peer->stopping = true;
      peer->Wake();
    }
  }
  if (!tasks_.WaitFor(grace)) spdlog::warn("alerts are left undelivered at the stop");
  tasks_.Cancel();
  tasks_.WaitFor(std::chrono::seconds(1));
}

asio::awaitable<void> AlertmanagerNotifier::Loop(std::shared_ptr<Peer> peer) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Duration wait = options_.first_wait;
  while (!peer->stopping || peer->queue.size() > 0) {
    if (peer->queue.size() == 0) {
      co_await peer->woken.async_receive(asio::use_awaitable);
      continue;
    }
    const bool done = co_await SendBatch(peer);
    if (done) {
      wait = options_.first_wait;
      continue;
    }
    if (peer->stopping) co_return;
    timer.expires_after(wait);
    co_await timer.async_wait(asio::use_awaitable);
    wait = std::min(2 * wait, options_.longest_wait);
  }
}

asio::awaitable<bool> AlertmanagerNotifier::SendBatch(std::shared_ptr<Peer> peer) {
  std::vector<Alert> batch = peer->queue.Take(kMaxAlertsPerBatch);
  HttpCall call;
  call.method = "POST";
  call.url = peer->url;
  call.headers["Content-Type"] = "application/json";
  call.timeout = peer->timeout;
  call.body = AlertmanagerPayload(batch);
  const auto response = co_await client_.Send(std::move(call));
  if (response && response->status >= 200 && response->status < 300) {
    peer->sent += batch.size();
    co_return true;
  }
  ++peer->errors;
  const Error error = response ? DescribeStatus(*response) : response.error();
  const bool try_again = !response || error.code == ErrorCode::kUnavailable;
  spdlog::warn("{} alerts could not be delivered to {}: {}; {}", batch.size(), peer->url,
               error.message, try_again ? "trying again" : "giving them up");
  if (!try_again) {
    peer->refused += batch.size();
    co_return true;
  }
  peer->queue.PutBack(std::move(batch));
  co_return false;
}

}  // namespace heapwatch
