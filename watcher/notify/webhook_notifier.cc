#include "watcher/notify/webhook_notifier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "alerting/send_queue.h"
#include "watcher/net/run_on.h"
#include "watcher/net/url.h"

namespace heapwatch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// An address may hold a token in its path or query: only the host is shown.
std::string NameOf(std::size_t index, const std::string& url) {
  const auto parsed = ParseHttpUrl(url);
  return "webhooks[" + std::to_string(index) + "]" +
         (parsed ? " " + parsed->scheme + "://" + parsed->authority() : "");
}

}  // namespace

struct WebhookNotifier::Peer {
  Peer(const asio::any_io_executor& executor, std::size_t capacity)
      : queue(capacity), woken(executor, 1) {}

  void Wake() { woken.try_send(error_code()); }
  WebhookConfig Config() const {
    const std::scoped_lock lock(mutex);
    return config;
  }
  // At no moment is an alert neither waiting nor in flight.
  std::vector<Alert> TakeOne() {
    const std::scoped_lock lock(mutex);
    std::vector<Alert> batch = queue.Take(1);
    if (!batch.empty()) in_flight = batch[0].labels;
    return batch;
  }
  void Landed() {
    const std::scoped_lock lock(mutex);
    in_flight.reset();
  }

  mutable std::mutex mutex;
  std::string name;  // guarded by mutex, as are the next two
  WebhookConfig config;
  std::optional<Labels> in_flight;  // of the alert that is being delivered
  SendQueue queue;
  asio::experimental::concurrent_channel<asio::any_io_executor, void(error_code)> woken;
  TaskGroup::Handle task;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> errors = 0;
};

WebhookNotifier::WebhookNotifier(asio::any_io_executor executor, asio::any_io_executor cpu,
                                 NotifierOptions options, Render render,
                                 TaskGroup::OnFailure on_failure)
    : executor_(std::move(executor)),
      cpu_(std::move(cpu)),
      options_(options),
      render_(std::move(render)),
      tasks_(executor_, std::move(on_failure)) {}

WebhookNotifier::~WebhookNotifier() = default;

void WebhookNotifier::Apply(const AlertingConfig& config) {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::shared_ptr<Peer>> wanted;
  for (std::size_t i = 0; i < config.webhooks.size(); ++i) {
    const WebhookConfig& webhook = config.webhooks[i];
    const auto known = peers_.find(webhook.url);
    const auto [it, is_new] = wanted.try_emplace(webhook.url);
    if (!is_new) continue;
    it->second = known != peers_.end() ? known->second
                                       : std::make_shared<Peer>(executor_, options_.queue_capacity);
    {
      const std::scoped_lock peer_lock(it->second->mutex);
      it->second->name = NameOf(i, webhook.url);
      it->second->config = webhook;
    }
    if (known == peers_.end())
      it->second->task = tasks_.Spawn("notifier to " + NameOf(i, webhook.url), Loop(it->second));
  }
  for (const auto& [url, peer] : peers_)
    if (!wanted.contains(url)) peer->task.Cancel();
  peers_ = std::move(wanted);
}

void WebhookNotifier::Send(std::vector<Alert> alerts) {
  std::erase_if(alerts, [](const Alert& alert) { return !alert.is_news; });
  if (alerts.empty()) return;
  const std::scoped_lock lock(mutex_);
  for (const auto& [url, peer] : peers_) {
    std::vector<Alert> wanted = alerts;
    if (!peer->Config().send_resolved)
      std::erase_if(wanted, [](const Alert& alert) { return alert.is_resolved; });
    peer->queue.Push(std::move(wanted));
    peer->Wake();
  }
}

std::set<Labels> WebhookNotifier::Undelivered() const {
  const std::scoped_lock lock(mutex_);
  std::set<Labels> labels;
  for (const auto& [url, peer] : peers_) {
    const std::scoped_lock peer_lock(peer->mutex);
    for (Labels& waiting : peer->queue.Waiting()) labels.insert(std::move(waiting));
    if (peer->in_flight) labels.insert(*peer->in_flight);
  }
  return labels;
}

std::vector<NotifierStatus> WebhookNotifier::Statuses() const {
  const std::scoped_lock lock(mutex_);
  std::vector<NotifierStatus> statuses;
  for (const auto& [url, peer] : peers_) {
    const std::scoped_lock peer_lock(peer->mutex);
    statuses.push_back({.url = peer->name,
                        .sent = peer->sent,
                        .refused = peer->refused,
                        .dropped = peer->queue.dropped_count(),
                        .errors = peer->errors,
                        .queued = peer->queue.size()});
  }
  return statuses;
}

void WebhookNotifier::Stop(Duration grace) {
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [url, peer] : peers_) {
      peer->stopping = true;
      peer->Wake();
    }
  }
  if (!tasks_.WaitFor(grace))
    spdlog::warn("webhooks are left untold at the stop; they are told after the next start");
  tasks_.Cancel();
  tasks_.WaitFor(std::chrono::seconds(1));
}

asio::awaitable<void> WebhookNotifier::Loop(std::shared_ptr<Peer> peer) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Duration wait = options_.first_wait;
  while (!peer->stopping || peer->queue.size() > 0) {
    if (peer->queue.size() == 0) {
      co_await peer->woken.async_receive(asio::use_awaitable);
      continue;
    }
    if (co_await SendOne(peer)) {
      wait = options_.first_wait;
      continue;
    }
    if (peer->stopping) co_return;
    timer.expires_after(wait);
    co_await timer.async_wait(asio::use_awaitable);
    wait = std::min(2 * wait, options_.longest_wait);
  }
}

asio::awaitable<bool> WebhookNotifier::SendOne(std::shared_ptr<Peer> peer) {
  std::vector<Alert> batch = peer->TakeOne();
  if (batch.empty()) co_return true;
  const WebhookConfig config = peer->Config();
  HttpCall call;
  call.method = "POST";
  call.url = config.url;
  call.headers["Content-Type"] = "application/json";
  call.timeout = config.timeout;
  call.body = co_await RunOn(cpu_, [&] { return render_(batch[0], config.max_body_bytes); });
  const auto response = co_await client_.Send(std::move(call));
  const bool delivered = response && response->status >= 200 && response->status < 300;
  bool try_again = false;
  if (delivered) {
    ++peer->sent;
  } else {
    ++peer->errors;
    const Error error = response ? DescribeStatus(*response) : response.error();
    try_again = !response || error.code == ErrorCode::kUnavailable;
    if (!try_again) ++peer->refused;
    std::string name;
    {
      const std::scoped_lock lock(peer->mutex);
      name = peer->name;
    }
    spdlog::warn("an alert could not be delivered to {}: {}; {}", name, error.message,
                 try_again ? "trying again" : "giving it up");
  }
  if (try_again) peer->queue.PutBack(std::move(batch));
  peer->Landed();
  co_return !try_again;
}

}  // namespace heapwatch
