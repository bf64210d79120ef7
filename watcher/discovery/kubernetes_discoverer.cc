#include "watcher/discovery/kubernetes_discoverer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "watcher/discovery/kubernetes_groups.h"
#include "watcher/discovery/kubernetes_watch.h"

namespace heapwatch {

namespace asio = boost::asio;

// The objects of one kind in one namespace; `incoming` are those of a list that is not whole yet.
template <class Object>
struct KubernetesStore {
  KubernetesMap<Object> objects;
  KubernetesMap<Object> incoming;
  bool is_listing = false;
};

// One watch and how it does.
struct KubernetesDiscoverer::Follower {
  std::unique_ptr<KubernetesWatch> watch;
  bool has_listed = false;
  std::string error;
};

struct KubernetesDiscoverer::Namespace {
  KubernetesStore<KubernetesPod> pods;
  KubernetesStore<KubernetesService> services;
  KubernetesStore<KubernetesEndpoints> endpoints;
};

namespace {

// Gathers what comes at once, as when a deployment is rolled out.
constexpr auto kReportEvery = std::chrono::milliseconds(250);
constexpr auto kLookForNamespaceEvery = std::chrono::seconds(5);

// Until one of them fails, with what it failed by; the others are ended.
asio::awaitable<void> Together(std::vector<asio::awaitable<void>> tasks) {
  const auto executor = co_await asio::this_coro::executor;
  const auto start = [&](asio::awaitable<void> task) {
    return asio::co_spawn(executor, std::move(task), asio::deferred);
  };
  std::vector<decltype(start(std::move(tasks[0])))> started;
  for (asio::awaitable<void>& task : tasks) started.push_back(start(std::move(task)));
  const auto [order, failures] =
      co_await asio::experimental::make_parallel_group(std::move(started))
          .async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
  std::rethrow_exception(failures[order.front()]);
}

}  // namespace

KubernetesDiscoverer::KubernetesDiscoverer(KubernetesSdConfig config, asio::any_io_executor cpu,
                                           InCluster in_cluster, Duration first_wait)
    : config_(std::move(config)),
      cpu_(std::move(cpu)),
      in_cluster_(std::move(in_cluster)),
      first_wait_(first_wait) {}

KubernetesDiscoverer::~KubernetesDiscoverer() = default;

asio::awaitable<void> KubernetesDiscoverer::Run(std::function<void(DiscoveryReport)> report) {
  report_ = std::move(report);
  auto names = NamespacesOf(config_, in_cluster_);
  for (asio::steady_timer timer(co_await asio::this_coro::executor); !names;
       names = NamespacesOf(config_, in_cluster_)) {
    report_({std::nullopt, names.error().message});
    timer.expires_after(kLookForNamespaceEvery);
    co_await timer.async_wait(asio::use_awaitable);
  }
  for (const std::string& name : *names) {
    Namespace& one = *namespaces_.emplace_back(std::make_unique<Namespace>());
    Follow("pods", name, one.pods, ReadPod);
    if (config_.role == KubernetesSdConfig::Role::kPod) continue;
    Follow("services", name, one.services, ReadService);
    Follow("endpoints", name, one.endpoints, ReadEndpoints);
  }
  std::vector<asio::awaitable<void>> tasks;
  for (const auto& follower : followers_) tasks.push_back(follower->watch->Run());
  tasks.push_back(Report());
  co_await Together(std::move(tasks));
}

template <class Object>
void KubernetesDiscoverer::Follow(const std::string& kind, const std::string& name_space,
                                  KubernetesStore<Object>& store,
                                  Object (*read)(const boost::json::value&)) {
  KubernetesCollection collection;
  collection.path =
      "/api/v1/" + (name_space.empty() ? "" : "namespaces/" + name_space + '/') + kind;
  for (const auto& selector : config_.selectors) {
    if (selector.role != kind && selector.role + 's' != kind) continue;
    collection.label_selector = selector.label;
    collection.field_selector = selector.field;
  }
  Follower& follower = *followers_.emplace_back(std::make_unique<Follower>());
  KubernetesSink sink;
  sink.begin = [&store] {
    store.incoming.clear();
    store.is_listing = true;
  };
  sink.put = [this, &store, read](const boost::json::value& object) {
    Object made = read(object);
    auto& objects = store.is_listing ? store.incoming : store.objects;
    std::string key = made.meta.key();
    objects.insert_or_assign(std::move(key), std::move(made));
    is_changed_ = true;
  };
  sink.remove = [this, &store](const boost::json::value& object) {
    store.objects.erase(ReadMeta(object).key());
    is_changed_ = true;
  };
  sink.end = [this, &store, &follower] {
    store.objects = std::exchange(store.incoming, {});
    store.is_listing = false;
    follower.has_listed = true;
    is_changed_ = true;
  };
  sink.tell = [this, &follower](const std::string& error) { Tell(follower, error); };
  follower.watch = std::make_unique<KubernetesWatch>(
      std::move(collection), [this] { return AccessTo(config_, in_cluster_); }, client_, cpu_,
      std::move(sink), first_wait_);
}

void KubernetesDiscoverer::Tell(Follower& follower, const std::string& error) {
  if (error.empty()) {
    if (!follower.error.empty()) is_changed_ = true;
    follower.error.clear();
  } else {
    follower.error = error;
    report_({std::nullopt, Errors()});
  }
}

std::string KubernetesDiscoverer::Errors() const {
  std::string errors;
  for (const auto& follower : followers_)
    if (!follower->error.empty()) errors += (errors.empty() ? "" : "\n") + follower->error;
  return errors;
}

asio::awaitable<void> KubernetesDiscoverer::Report() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kReportEvery);
    co_await timer.async_wait(asio::use_awaitable);
    const bool is_whole = std::all_of(followers_.begin(), followers_.end(),
                                      [](const auto& follower) { return follower->has_listed; });
    if (!is_whole || !std::exchange(is_changed_, false)) continue;
    TargetGroups groups;
    const auto add = [&](TargetGroups more) {
      std::move(more.begin(), more.end(), std::back_inserter(groups));
    };
    for (const auto& one : namespaces_) {
      for (const auto& [key, endpoints] : one->endpoints.objects)
        add(GroupsOfEndpoints(endpoints, one->services.objects, one->pods.objects));
      if (config_.role != KubernetesSdConfig::Role::kPod) continue;
      for (const auto& [key, pod] : one->pods.objects) add(GroupsOfPod(pod));
    }
    report_({std::move(groups), Errors()});
  }
}

}  // namespace heapwatch
