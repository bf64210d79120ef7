// Reads where a Kubernetes API server is and how it is called from a kubeconfig file: the cluster,
// the user and the namespace of its current context.
//
// Certificates, tokens and passwords may stand in it or in files that it names, relative to its own
// folder. What runs a program to log in (exec, auth-provider) is refused. Errors name the file and
// the entry, never a secret.
#pragma once

#include <string>

#include "analysis/base/error.h"
#include "config/http_client_config.h"

namespace heapwatch {

struct KubernetesAccess {
  std::string server;  // "https://10.0.0.1:6443", without a / at the end
  HttpClientConfig http;
};

Result<KubernetesAccess> LoadKubeconfig(const std::string& path);

}  // namespace heapwatch
