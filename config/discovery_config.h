// How a job finds its targets while the service runs, named as in Prometheus' *_sd_configs. Each
// mechanism finds groups: addresses with labels, of which those that begin with `__meta_` tell
// where they were found (watcher/discovery). Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "config/http_client_config.h"

namespace heapwatch {

// Addresses that share their labels. One that is configured has "host:port"; one that was found may
// have anything that relabelling makes an address of.
struct StaticConfig {
  std::vector<std::string> targets;
  Labels labels;  // service, version, region, ...
  bool operator==(const StaticConfig&) const = default;
};

struct FileSdConfig {
  // Each may have one * in its last part. JSON or YAML by their ending.
  std::vector<std::string> files;
  Duration refresh_interval = std::chrono::minutes(5);  // where the system tells of no change
  bool operator==(const FileSdConfig&) const = default;
};

struct HttpSdConfig {
  std::string url;  // answers with a list of groups in JSON
  Duration refresh_interval = std::chrono::minutes(1);
  HttpClientConfig http;
  bool operator==(const HttpSdConfig&) const = default;
};

struct DnsSdConfig {
  enum class Type : std::uint8_t { kSrv, kA, kAaaa };
  std::vector<std::string> names;
  Type type = Type::kSrv;
  std::uint16_t port = 0;  // of the targets; SRV records bring their own
  Duration refresh_interval = std::chrono::seconds(30);
  bool operator==(const DnsSdConfig&) const = default;
};
// "SRV", "A", "AAAA" in the order of the enum.
const std::vector<std::string>& DnsTypeNames();

struct KubernetesSdConfig {
  enum class Role : std::uint8_t { kPod, kEndpoints };
  // Which objects of one kind to ask for; "" asks for all.
  struct Selector {
    std::string role;  // "pod", "service", "endpoints"
    std::string label;
    std::string field;
    bool operator==(const Selector&) const = default;
  };
  Role role = Role::kPod;
  // Where the API server is and who we are: as `api_server` and `http` say, or as `kubeconfig_file`
  // does; with neither as the service account of the pod that we run in.
  std::string api_server;
  std::string kubeconfig_file;
  std::vector<std::string> namespaces;  // none: all
  bool own_namespace = false;           // that of our pod as well
  std::vector<Selector> selectors;
  HttpClientConfig http;
  bool operator==(const KubernetesSdConfig&) const = default;
};
// "pod", "endpoints" in the order of the enum.
const std::vector<std::string>& KubernetesRoleNames();

using DiscoveryConfig = std::variant<FileSdConfig, HttpSdConfig, DnsSdConfig, KubernetesSdConfig>;

// "file", "http", "dns" or "kubernetes": as metrics, messages and the API name it.
std::string_view MechanismOf(const DiscoveryConfig& config);
// Where it looks, for people: "targets/*.json".
std::string PlaceOf(const DiscoveryConfig& config);

}  // namespace heapwatch
