#include "watcher/notify/webhook_notifier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "watcher/net/run_on.h"
#include "watcher/net/url.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

// An address may hold a token in its path or query: only the host is shown.
std::string NameOf(std::size_t index, const std::string& url) {
  const auto parsed = ParseHttpUrl(url);
  return "webhooks[" + std::to_string(index) + "]" +
         (parsed ? " " + parsed->scheme + "://" + parsed->authority() : "");
}

}  // namespace

struct WebhookNotifier::Peer : Receiver {
  using Receiver::Receiver;

  void Set(std::size_t new_place, WebhookConfig new_config) {
    const std::scoped_lock lock(mutex);
    place_in_list = new_place;
    config = std::move(new_config);
  }
  std::size_t place() const {
    const std::scoped_lock lock(mutex);
    return place_in_list;
  }
  std::string Name() const {
    const std::scoped_lock lock(mutex);
    return NameOf(place_in_list, config.url);
  }
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
  std::size_t place_in_list = 0;  // guarded by mutex, as are the next two
  WebhookConfig config;
  std::optional<Labels> in_flight;  // of the alert that is being delivered
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
  auto gone = peers_;
  for (const WebhookConfig& webhook : config.webhooks) gone.erase(webhook.url);
  std::map<std::string, std::shared_ptr<Peer>> wanted;
  for (std::size_t i = 0; i < config.webhooks.size(); ++i) {
    const WebhookConfig& webhook = config.webhooks[i];
    const auto [it, is_first] = wanted.try_emplace(webhook.url);
    if (!is_first) continue;
    std::shared_ptr<Peer>& peer = it->second;
    const auto moved = std::find_if(gone.begin(), gone.end(),
                                    [&](const auto& entry) { return entry.second->place() == i; });
    if (const auto known = peers_.find(webhook.url); known != peers_.end()) {
      peer = known->second;
    } else if (moved != gone.end()) {
      peer = moved->second;
      gone.erase(moved);
    }
    const bool is_new = peer == nullptr;
    if (is_new) peer = std::make_shared<Peer>(executor_, options_.queue_capacity);
    peer->Set(i, webhook);
    if (is_new)
      peer->task =
          tasks_.Spawn("notifier to " + peer->Name(),
                       EmptyQueue(*peer, options_, [this, peer] { return SendOne(peer); }));
  }
  for (const auto& [url, peer] : gone) peer->task.Cancel();
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
  for (const auto& [url, peer] : peers_) statuses.push_back(peer->Status(peer->Name()));
  return statuses;
}

void WebhookNotifier::Stop(Duration grace) {
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [url, peer] : peers_) peer->Stop();
  }
  if (!tasks_.WaitFor(grace))
    spdlog::warn("webhooks are left untold at the stop; they are told after the next start");
  tasks_.Cancel();
  tasks_.WaitFor(std::chrono::seconds(1));
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
  call.config = config.http;
  call.body = co_await RunOn(cpu_, [&] { return render_(batch[0], config.max_body_bytes); });
  const auto failure = FailureOf(co_await client_.Send(std::move(call)));
  const bool try_again = failure && failure->try_again;
  if (!failure) {
    ++peer->sent;
  } else {
    ++peer->errors;
    if (!try_again) ++peer->refused;
    spdlog::warn("an alert could not be delivered to {}: {}; {}", peer->Name(),
                 failure->error.message, try_again ? "trying again" : "giving it up");
  }
  if (try_again) peer->queue.PutBack(std::move(batch));
  peer->Landed();
  co_return !try_again;
}

}  // namespace heapwatch
