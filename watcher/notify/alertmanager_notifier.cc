#include "watcher/notify/alertmanager_notifier.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "alerting/alertmanager.h"

namespace heapwatch {

namespace asio = boost::asio;

struct AlertmanagerNotifier::Peer : Receiver {
  Peer(const asio::any_io_executor& executor, std::string peer_url, std::size_t capacity)
      : Receiver(executor, capacity), url(std::move(peer_url)) {}

  // How the configuration has it called.
  void Set(Duration new_timeout, HttpClientConfig new_http) {
    const std::scoped_lock lock(mutex);
    timeout = new_timeout;
    http = std::move(new_http);
  }
  HttpCall MakeCall() const {
    HttpCall call;
    call.method = "POST";
    call.url = url;
    call.headers["Content-Type"] = "application/json";
    const std::scoped_lock lock(mutex);
    call.timeout = timeout;
    call.config = http;
    return call;
  }

  const std::string url;
  mutable std::mutex mutex;
  Duration timeout{};  // guarded by mutex, as is the next
  HttpClientConfig http;
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
          known->second->Set(manager.timeout, manager.http);
          wanted[url] = known->second;
        } else if (!wanted.contains(url)) {
          wanted[url] = std::make_shared<Peer>(executor_, url, options_.queue_capacity);
          const std::shared_ptr<Peer> peer = wanted[url];
          peer->Set(manager.timeout, manager.http);
          peer->task =
              tasks_.Spawn("notifier to " + url,
                           EmptyQueue(*peer, options_, [this, peer] { return SendBatch(peer); }));
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
  for (const auto& [url, peer] : peers_) statuses.push_back(peer->Status(url));
  return statuses;
}

void AlertmanagerNotifier::Stop(Duration grace) {
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [url, peer] : peers_) peer->Stop();
  }
  if (!tasks_.WaitFor(grace)) spdlog::warn("alerts are left undelivered at the stop");
  tasks_.Cancel();
  tasks_.WaitFor(std::chrono::seconds(1));
}

asio::awaitable<bool> AlertmanagerNotifier::SendBatch(std::shared_ptr<Peer> peer) {
  std::vector<Alert> batch = peer->queue.Take(kMaxAlertsPerBatch);
  HttpCall call = peer->MakeCall();
  call.body = AlertmanagerPayload(batch);
  const auto failure = FailureOf(co_await client_.Send(std::move(call)));
  if (!failure) {
    peer->sent += batch.size();
    co_return true;
  }
  ++peer->errors;
  spdlog::warn("{} alerts could not be delivered to {}: {}; {}", batch.size(), peer->url,
               failure->error.message, failure->try_again ? "trying again" : "giving them up");
  if (!failure->try_again) {
    peer->refused += batch.size();
    co_return true;
  }
  peer->queue.PutBack(std::move(batch));
  co_return false;
}

}  // namespace heapwatch
