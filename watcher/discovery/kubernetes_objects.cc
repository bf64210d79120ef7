#include "watcher/discovery/kubernetes_objects.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <utility>

namespace heapwatch {

namespace json = boost::json;

namespace {

Labels ReadTexts(const json::value& value) {
  Labels texts;
  if (const auto* object = value.if_object())
    for (const auto& [name, text] : *object) texts.emplace(name, JsonText(text));
  return texts;
}

std::uint16_t PortNumber(const json::value& value) {
  const auto* number = value.if_int64();
  return number != nullptr && *number > 0 && *number < 65536 ? static_cast<std::uint16_t>(*number)
                                                             : std::uint16_t{0};
}

bool IsTrue(const json::value& value) { return value.is_bool() && value.get_bool(); }

std::string ReadyOf(const json::value& pod) {
  for (const json::value& condition : JsonList(JsonAt(pod, "status", "conditions"))) {
    if (JsonText(JsonAt(condition, "type")) != "Ready") continue;
    const std::string status = JsonText(JsonAt(condition, "status"));
    return status == "True" ? "true" : status == "False" ? "false" : "unknown";
  }
  return "unknown";
}

// `kind` is "container" or "initContainer".
void ReadContainers(const json::value& pod, const std::string& kind,
                    std::vector<KubernetesContainer>& out) {
  Labels ids;
  for (const json::value& status : JsonList(JsonAt(pod, "status", kind + "Statuses")))
    ids[JsonText(JsonAt(status, "name"))] = JsonText(JsonAt(status, "containerID"));
  for (const json::value& spec : JsonList(JsonAt(pod, "spec", kind + "s"))) {
    KubernetesContainer& container = out.emplace_back();
    container.name = JsonText(JsonAt(spec, "name"));
    container.image = JsonText(JsonAt(spec, "image"));
    container.id = Get(ids, container.name);
    container.is_init = kind == "initContainer";
    for (const json::value& port : JsonList(JsonAt(spec, "ports")))
      container.ports.push_back({JsonText(JsonAt(port, "name")),
                                 PortNumber(JsonAt(port, "containerPort")),
                                 JsonText(JsonAt(port, "protocol"))});
  }
}

void ReadAddresses(const json::value& list, bool is_ready,
                   std::vector<KubernetesEndpoints::Address>& out) {
  for (const json::value& address : JsonList(list)) {
    const json::value& target = JsonAt(address, "targetRef");
    out.push_back({.ip = JsonText(JsonAt(address, "ip")),
                   .host_name = JsonText(JsonAt(address, "hostname")),
                   .node_name = JsonText(JsonAt(address, "nodeName")),
                   .target_kind = JsonText(JsonAt(target, "kind")),
                   .target_namespace = JsonText(JsonAt(target, "namespace")),
                   .target_name = JsonText(JsonAt(target, "name")),
                   .is_ready = is_ready});
  }
}

}  // namespace

std::string JsonText(const json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? "" : std::string(*text);
}

const json::array& JsonList(const json::value& value) {
  static const json::array none;
  const auto* list = value.if_array();
  return list == nullptr ? none : *list;
}

KubernetesMeta ReadMeta(const json::value& object) {
  const json::value& meta = JsonAt(object, "metadata");
  KubernetesMeta out;
  out.name_space = JsonText(JsonAt(meta, "namespace"));
  out.name = JsonText(JsonAt(meta, "name"));
  out.uid = JsonText(JsonAt(meta, "uid"));
  out.labels = ReadTexts(JsonAt(meta, "labels"));
  out.annotations = ReadTexts(JsonAt(meta, "annotations"));
  for (const json::value& owner : JsonList(JsonAt(meta, "ownerReferences"))) {
    if (!IsTrue(JsonAt(owner, "controller"))) continue;
    out.controller_kind = JsonText(JsonAt(owner, "kind"));
    out.controller_name = JsonText(JsonAt(owner, "name"));
  }
  return out;
}

KubernetesPod ReadPod(const json::value& object) {
  KubernetesPod pod;
  pod.meta = ReadMeta(object);
  pod.ip = JsonText(JsonAt(object, "status", "podIP"));
  pod.host_ip = JsonText(JsonAt(object, "status", "hostIP"));
  pod.phase = JsonText(JsonAt(object, "status", "phase"));
  pod.node_name = JsonText(JsonAt(object, "spec", "nodeName"));
  pod.ready = ReadyOf(object);
  ReadContainers(object, "container", pod.containers);
  ReadContainers(object, "initContainer", pod.containers);
  return pod;
}

KubernetesService ReadService(const json::value& object) { return {ReadMeta(object)}; }

KubernetesEndpoints ReadEndpoints(const json::value& object) {
  KubernetesEndpoints endpoints;
  endpoints.meta = ReadMeta(object);
  for (const json::value& item : JsonList(JsonAt(object, "subsets"))) {
    auto& subset = endpoints.subsets.emplace_back();
    ReadAddresses(JsonAt(item, "addresses"), true, subset.addresses);
    ReadAddresses(JsonAt(item, "notReadyAddresses"), false, subset.addresses);
    for (const json::value& port : JsonList(JsonAt(item, "ports")))
      subset.ports.push_back({JsonText(JsonAt(port, "name")), PortNumber(JsonAt(port, "port")),
                              JsonText(JsonAt(port, "protocol"))});
  }
  return endpoints;
}

}  // namespace heapwatch
