#include "watcher/discovery/kubernetes_access.h"

#include <cstdlib>
#include <utility>

#include "config/read_file.h"
#include "watcher/net/url.h"

namespace heapwatch {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

InCluster InCluster::OfThisProcess() {
  InCluster in_cluster;
  in_cluster.host = FromEnvironment("KUBERNETES_SERVICE_HOST");
  in_cluster.port = FromEnvironment("KUBERNETES_SERVICE_PORT");
  return in_cluster;
}

Result<KubernetesAccess> AccessTo(const KubernetesSdConfig& config, const InCluster& in_cluster) {
  if (!config.kubeconfig_file.empty()) return LoadKubeconfig(config.kubeconfig_file);
  if (!config.api_server.empty()) {
    KubernetesAccess access{config.api_server, config.http};
    while (access.server.ends_with('/')) access.server.pop_back();
    return access;
  }
  if (in_cluster.host.empty() || in_cluster.port.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not "
                "set; give api_server or kubeconfig_file");
  KubernetesAccess access;
  access.server = "https://" + Bracketed(in_cluster.host) + ':' + in_cluster.port;
  access.http.authorization = {"Bearer", Secret(), in_cluster.folder + "/token"};
  access.http.tls.ca_file = in_cluster.folder + "/ca.crt";
  return access;
}

Result<std::vector<std::string>> NamespacesOf(const KubernetesSdConfig& config,
                                              const InCluster& in_cluster) {
  std::vector<std::string> namespaces = config.namespaces;
  if (config.own_namespace) {
    auto own = ReadLineOfFile(in_cluster.folder + "/namespace");
    if (!own) return Fail(own.error().In("own_namespace (is this in a cluster?)"));
    namespaces.push_back(*std::move(own));
  }
  if (namespaces.empty()) namespaces.emplace_back();
  return namespaces;
}

}  // namespace heapwatch
