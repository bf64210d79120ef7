// What of Kubernetes' objects tells where targets are, taken out of the API server's JSON. Fields
// that are missing are empty. Plain data; reading is pure.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"

namespace heapwatch {

struct KubernetesMeta {
  std::string name_space;
  std::string name;
  std::string uid;
  Labels labels;
  Labels annotations;
  std::string controller_kind;  // of the owner that controls it
  std::string controller_name;

  std::string key() const { return name_space + '/' + name; }
};

struct KubernetesContainer {
  struct Port {
    std::string name;
    std::uint16_t number = 0;
    std::string protocol;
  };
  std::string name;
  std::string image;
  std::string id;
  bool is_init = false;
  std::vector<Port> ports;
};

struct KubernetesPod {
  KubernetesMeta meta;
  std::string ip;
  std::string host_ip;
  std::string node_name;
  std::string phase;
  std::string ready;                            // "true", "false" or "unknown"
  std::vector<KubernetesContainer> containers;  // those that only initialise last
};

struct KubernetesService {
  KubernetesMeta meta;
};

struct KubernetesEndpoints {
  struct Address {
    std::string ip;
    std::string host_name;
    std::string node_name;
    std::string target_kind;
    std::string target_namespace;
    std::string target_name;
    bool is_ready = true;
  };
  struct Port {
    std::string name;
    std::uint16_t number = 0;
    std::string protocol;
  };
  struct Subset {
    std::vector<Address> addresses;
    std::vector<Port> ports;
  };
  KubernetesMeta meta;
  std::vector<Subset> subsets;
};

KubernetesMeta ReadMeta(const boost::json::value& object);
KubernetesPod ReadPod(const boost::json::value& object);
KubernetesService ReadService(const boost::json::value& object);
KubernetesEndpoints ReadEndpoints(const boost::json::value& object);

// A member of an object, or of one in it: JsonAt(pod, "status", "podIP"). Null where there is none.
template <class... Names>
const boost::json::value& JsonAt(const boost::json::value& value, std::string_view name,
                                 Names... more) {
  static const boost::json::value none;
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(name);
  if (member == nullptr) return none;
  if constexpr (sizeof...(more) == 0)
    return *member;
  else
    return JsonAt(*member, more...);
}
// A text; "" for anything else.
std::string JsonText(const boost::json::value& value);
// The members of a list; none for anything else.
const boost::json::array& JsonList(const boost::json::value& value);

}  // namespace heapwatch
