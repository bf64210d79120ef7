#include "watcher/discovery/kubernetes_groups.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "watcher/net/url.h"

namespace heapwatch {
namespace {

const std::string kPrefix = "__meta_kubernetes_";

std::string AddressOf(const std::string& ip, std::uint16_t port) {
  return Bracketed(ip) + ':' + std::to_string(port);
}

// "app.kubernetes.io/name" -> "app_kubernetes_io_name"
std::string LabelName(std::string name) {
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits) c = '_';
  }
  return name;
}

// The labels and annotations of an object; `kind` is "pod", "service" or "endpoints".
void AddMeta(const KubernetesMeta& meta, const std::string& kind, Labels& out) {
  out[kPrefix + "namespace"] = meta.name_space;
  out[kPrefix + kind + "_name"] = meta.name;
  for (const auto& [name, value] : meta.labels) {
    out[kPrefix + kind + "_label_" + LabelName(name)] = value;
    out[kPrefix + kind + "_labelpresent_" + LabelName(name)] = "true";
  }
  for (const auto& [name, value] : meta.annotations) {
    out[kPrefix + kind + "_annotation_" + LabelName(name)] = value;
    out[kPrefix + kind + "_annotationpresent_" + LabelName(name)] = "true";
  }
}

void AddPod(const KubernetesPod& pod, Labels& out) {
  AddMeta(pod.meta, "pod", out);
  const std::string prefix = kPrefix + "pod_";
  out[prefix + "ip"] = pod.ip;
  out[prefix + "ready"] = pod.ready;
  out[prefix + "phase"] = pod.phase;
  out[prefix + "node_name"] = pod.node_name;
  out[prefix + "host_ip"] = pod.host_ip;
  out[prefix + "uid"] = pod.meta.uid;
  if (pod.meta.controller_kind.empty() && pod.meta.controller_name.empty()) return;
  out[prefix + "controller_kind"] = pod.meta.controller_kind;
  out[prefix + "controller_name"] = pod.meta.controller_name;
}

void AddContainerPort(const KubernetesContainer& container, const KubernetesContainer::Port& port,
                      Labels& out) {
  const std::string prefix = kPrefix + "pod_container_";
  out[prefix + "name"] = container.name;
  out[prefix + "image"] = container.image;
  out[prefix + "port_name"] = port.name;
  out[prefix + "port_number"] = std::to_string(port.number);
  out[prefix + "port_protocol"] = port.protocol;
}

// The containers that serve, not those that only initialise.
template <class Function>
void ForEachPort(const KubernetesPod& pod, const Function& function) {
  for (const KubernetesContainer& container : pod.containers)
    if (!container.is_init)
      for (const KubernetesContainer::Port& port : container.ports) function(container, port);
}

// A pod behind endpoints, and which of its ports they have named.
struct SeenPod {
  const KubernetesPod* pod;
  std::vector<std::uint16_t> ports;
};

Labels EndpointLabels(const KubernetesEndpoints::Address& address,
                      const KubernetesEndpoints::Port& port) {
  const std::string prefix = kPrefix + "endpoint_";
  Labels labels = {{prefix + "ready", address.is_ready ? "true" : "false"},
                   {prefix + "port_name", port.name},
                   {prefix + "port_protocol", port.protocol}};
  if (!address.target_kind.empty()) {
    labels[prefix + "address_target_kind"] = address.target_kind;
    labels[prefix + "address_target_name"] = address.target_name;
  }
  if (!address.node_name.empty()) labels[prefix + "node_name"] = address.node_name;
  if (!address.host_name.empty()) labels[prefix + "hostname"] = address.host_name;
  return labels;
}

}  // namespace

TargetGroups GroupsOfPod(const KubernetesPod& pod) {
  TargetGroups groups;
  if (pod.ip.empty()) return groups;
  Labels of_pod;
  AddPod(pod, of_pod);
  const std::string prefix = kPrefix + "pod_container_";
  for (const KubernetesContainer& container : pod.containers) {
    Labels labels = of_pod;
    labels[prefix + "name"] = container.name;
    labels[prefix + "image"] = container.image;
    labels[prefix + "id"] = container.id;
    labels[prefix + "init"] = container.is_init ? "true" : "false";
    if (container.ports.empty()) groups.push_back({{Bracketed(pod.ip)}, labels});
    for (const KubernetesContainer::Port& port : container.ports) {
      AddContainerPort(container, port, labels);
      groups.push_back({{AddressOf(pod.ip, port.number)}, labels});
    }
  }
  return groups;
}

TargetGroups GroupsOfEndpoints(const KubernetesEndpoints& endpoints,
                               const KubernetesMap<KubernetesService>& services,
                               const KubernetesMap<KubernetesPod>& pods) {
  Labels common;
  if (const auto service = services.find(endpoints.meta.key()); service != services.end())
    AddMeta(service->second.meta, "service", common);
  AddMeta(endpoints.meta, "endpoints", common);
  TargetGroups groups;
  std::map<std::string, SeenPod> seen;
  const auto add = [&](const KubernetesEndpoints::Address& address,
                       const KubernetesEndpoints::Port& port) {
    Labels labels = EndpointLabels(address, port);
    const auto pod = address.target_kind == "Pod"
                         ? pods.find(address.target_namespace + '/' + address.target_name)
                         : pods.end();
    if (pod != pods.end()) {
      seen.try_emplace(pod->first, SeenPod{&pod->second, {}})
          .first->second.ports.push_back(port.number);
      AddPod(pod->second, labels);
      ForEachPort(pod->second, [&](const auto& container, const auto& container_port) {
        if (container_port.number == port.number)
          AddContainerPort(container, {container_port.name, port.number, port.protocol}, labels);
      });
    }
    labels.insert(common.begin(), common.end());
    groups.push_back({{AddressOf(address.ip, port.number)}, std::move(labels)});
  };
  for (const auto& subset : endpoints.subsets)
    for (const auto& port : subset.ports)
      for (const auto& address : subset.addresses) add(address, port);
  for (const auto& [key, behind] : seen) {
    if (behind.pod->ip.empty()) continue;
    ForEachPort(*behind.pod, [&](const auto& container, const auto& port) {
      if (std::count(behind.ports.begin(), behind.ports.end(), port.number) > 0) return;
      Labels labels;
      AddPod(*behind.pod, labels);
      AddContainerPort(container, port, labels);
      labels.insert(common.begin(), common.end());
      groups.push_back({{AddressOf(behind.pod->ip, port.number)}, std::move(labels)});
    });
  }
  return groups;
}

}  // namespace heapwatch
