// From Kubernetes' objects to the groups that Prometheus' roles pod and endpoints make of them,
// with all their __meta_kubernetes_* labels. Pure.
//
//   pod default/shop-7 at 10.1.0.5 with a container "app" that has a port 6060 named "pprof" ->
//     10.1.0.5:6060 {__meta_kubernetes_namespace="default", __meta_kubernetes_pod_name="shop-7",
//                    __meta_kubernetes_pod_container_port_name="pprof", ...}
#pragma once

#include <functional>
#include <map>
#include <string>

#include "watcher/discovery/discoverer.h"
#include "watcher/discovery/kubernetes_objects.h"

namespace heapwatch {

// By namespace and name.
template <class Object>
using KubernetesMap = std::map<std::string, Object, std::less<>>;

// A target for every port of every container, or the container's address where it has none; none
// while the pod has no address.
TargetGroups GroupsOfPod(const KubernetesPod& pod);

// A target for every address and port of the endpoints, with the labels of the service and the pod
// behind it; and one for every other port of those pods.
TargetGroups GroupsOfEndpoints(const KubernetesEndpoints& endpoints,
                               const KubernetesMap<KubernetesService>& services,
                               const KubernetesMap<KubernetesPod>& pods);

}  // namespace heapwatch
