// How the API server of a KubernetesSdConfig is reached: as the configuration says, as a kubeconfig
// says, or as the service account of the pod we run in. Files are read at each call, for tokens and
// certificates are renewed.
#pragma once

#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "config/discovery_config.h"
#include "config/kubeconfig.h"

namespace heapwatch {

// What Kubernetes tells a process that runs in one of its pods.
struct InCluster {
  std::string host;  // "" outside of a cluster
  std::string port;
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";  // token, ca.crt, namespace

  static InCluster OfThisProcess();
};

Result<KubernetesAccess> AccessTo(const KubernetesSdConfig& config, const InCluster& in_cluster);

// The namespaces to look in; one "" for all of them.
Result<std::vector<std::string>> NamespacesOf(const KubernetesSdConfig& config,
                                              const InCluster& in_cluster);

}  // namespace heapwatch
