// Finds targets in Kubernetes, as the roles pod and endpoints of Prometheus' kubernetes_sd_configs:
// by watching the API server (kubernetes_watch.h), so that changes are known within a second and
// cost it little. While it cannot be reached, what was found stays.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "watcher/discovery/discoverer.h"
#include "watcher/discovery/kubernetes_access.h"
#include "watcher/net/http_client.h"

namespace heapwatch {

template <class Object>
struct KubernetesStore;

class KubernetesDiscoverer : public Discoverer {
 public:
  // `first_wait` is how long is waited after a first failure.
  KubernetesDiscoverer(KubernetesSdConfig config, boost::asio::any_io_executor cpu,
                       InCluster in_cluster = InCluster::OfThisProcess(),
                       Duration first_wait = std::chrono::seconds(1));
  ~KubernetesDiscoverer() override;

  boost::asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) override;

 private:
  struct Follower;
  struct Namespace;

  // Follows objects of one kind, "pods", of a namespace.
  template <class Object>
  void Follow(const std::string& kind, const std::string& name_space,
              KubernetesStore<Object>& store, Object (*read)(const boost::json::value&));
  boost::asio::awaitable<void> Report();
  void Tell(Follower& follower, const std::string& error);
  std::string Errors() const;

  const KubernetesSdConfig config_;
  const boost::asio::any_io_executor cpu_;
  const InCluster in_cluster_;
  const Duration first_wait_;
  const HttpClient client_;
  std::function<void(DiscoveryReport)> report_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
  std::vector<std::unique_ptr<Follower>> followers_;
  bool is_changed_ = false;
};

}  // namespace heapwatch
