#include "config/discovery_config.h"

namespace heapwatch {
namespace {

struct Mechanism {
  std::string_view operator()(const FileSdConfig&) const { return "file"; }
  std::string_view operator()(const HttpSdConfig&) const { return "http"; }
  std::string_view operator()(const DnsSdConfig&) const { return "dns"; }
  std::string_view operator()(const KubernetesSdConfig&) const { return "kubernetes"; }
};

struct Place {
  std::string operator()(const FileSdConfig& config) const { return Joined(config.files); }
  std::string operator()(const HttpSdConfig& config) const { return config.url; }
  std::string operator()(const DnsSdConfig& config) const {
    return DnsTypeNames()[static_cast<std::size_t>(config.type)] + " of " + Joined(config.names);
  }
  std::string operator()(const KubernetesSdConfig& config) const {
    std::string where = config.api_server + config.kubeconfig_file;
    if (where.empty()) where = "our own cluster";
    return "role " + KubernetesRoleNames()[static_cast<std::size_t>(config.role)] + " of " + where;
  }

  static std::string Joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }
};

}  // namespace

const std::vector<std::string>& DnsTypeNames() {
  static const std::vector<std::string> names = {"SRV", "A", "AAAA"};
  return names;
}

const std::vector<std::string>& KubernetesRoleNames() {
  static const std::vector<std::string> names = {"pod", "endpoints"};
  return names;
}

std::string_view MechanismOf(const DiscoveryConfig& config) {
  return std::visit(Mechanism(), config);
}

std::string PlaceOf(const DiscoveryConfig& config) { return std::visit(Place(), config); }

}  // namespace heapwatch
