// From answers of an API server to groups with all labels that Prometheus gives them.
#include "watcher/discovery/kubernetes_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/paths.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The objects of a list in testdata, by namespace and name.
template <class Object>
KubernetesMap<Object> Read(const std::string& file, Object (*read)(const json::value&)) {
  std::ostringstream text;
  text << std::ifstream(InSource("testdata/kubernetes/" + file)).rdbuf();
  const json::value list = json::parse(text.str());
  KubernetesMap<Object> objects;
  for (const json::value& item : list.at("items").as_array()) {
    Object object = read(item);
    objects.emplace(object.meta.key(), object);
  }
  return objects;
}

// "__meta_kubernetes_" is left out.
Labels Short(const Labels& labels) {
  const std::string prefix = "__meta_kubernetes_";
  Labels out;
  for (const auto& [name, value] : labels)
    out.emplace(name.starts_with(prefix) ? name.substr(prefix.size()) : name, value);
  return out;
}

const Labels kCheckoutPod = {
    {"namespace", "shop"},
    {"pod_name", "checkout-5d9c7b6f4-x2x7q"},
    {"pod_ip", "10.1.0.17"},
    {"pod_host_ip", "192.168.7.13"},
    {"pod_node_name", "node-3"},
    {"pod_phase", "Running"},
    {"pod_ready", "true"},
    {"pod_uid", "0f6c9d2e-1f7b-4f0e-9a53-7f2f4c1f3a01"},
    {"pod_controller_kind", "ReplicaSet"},
    {"pod_controller_name", "checkout-5d9c7b6f4"},
    {"pod_label_app_kubernetes_io_name", "checkout"},
    {"pod_labelpresent_app_kubernetes_io_name", "true"},
    {"pod_label_app_kubernetes_io_version", "v2.4"},
    {"pod_labelpresent_app_kubernetes_io_version", "true"},
    {"pod_label_pod_template_hash", "5d9c7b6f4"},
    {"pod_labelpresent_pod_template_hash", "true"},
    {"pod_annotation_heapwatch_io_scrape", "true"},
    {"pod_annotationpresent_heapwatch_io_scrape", "true"},
    {"pod_annotation_kubectl_kubernetes_io_restartedAt", "2027-01-31T10:15:00Z"},
    {"pod_annotationpresent_kubectl_kubernetes_io_restartedAt", "true"}};

Labels With(Labels labels, const Labels& more) {
  labels.insert(more.begin(), more.end());
  return labels;
}

TEST(KubernetesGroups, OfAPodAreThePortsOfItsContainers) {
  const auto pods = Read("pods.json", ReadPod);
  const auto groups = GroupsOfPod(pods.at("shop/checkout-5d9c7b6f4-x2x7q"));
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_THAT(groups[0].targets, ElementsAre("10.1.0.17:8080"));
  EXPECT_EQ(Short(groups[0].labels),
            With(kCheckoutPod, {{"pod_container_name", "checkout"},
                                {"pod_container_image", "registry.example.com/checkout:v2.4"},
                                {"pod_container_id", "containerd://a1"},
                                {"pod_container_init", "false"},
                                {"pod_container_port_name", "http"},
                                {"pod_container_port_number", "8080"},
                                {"pod_container_port_protocol", "TCP"}}));
  EXPECT_THAT(groups[1].targets, ElementsAre("10.1.0.17:6060"));
  EXPECT_EQ(Short(groups[1].labels).at("pod_container_port_name"), "pprof");
  // Without a port: the address alone.
  EXPECT_THAT(groups[2].targets, ElementsAre("10.1.0.17"));
  EXPECT_EQ(Short(groups[2].labels),
            With(kCheckoutPod, {{"pod_container_name", "sidecar"},
                                {"pod_container_image", "registry.example.com/sidecar:1.9"},
                                {"pod_container_id", "containerd://a2"},
                                {"pod_container_init", "false"}}));
  EXPECT_EQ(Short(groups[3].labels).at("pod_container_name"), "migrate");
  EXPECT_EQ(Short(groups[3].labels).at("pod_container_init"), "true");
  EXPECT_EQ(Short(groups[3].labels).at("pod_container_id"), "containerd://b1");
}

TEST(KubernetesGroups, OfAPodWithoutAnAddressAreNone) {
  EXPECT_THAT(GroupsOfPod(Read("pods.json", ReadPod).at("jobs/batch-28441")), IsEmpty());
}

TEST(KubernetesGroups, OfAPodOfIPv6AndFewFields) {
  const auto groups = GroupsOfPod(Read("pods.json", ReadPod).at("shop/cache-0"));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0].targets, ElementsAre("[fd00:1::9]:7000"));
  EXPECT_EQ(Short(groups[0].labels),
            (Labels{{"namespace", "shop"},
                    {"pod_name", "cache-0"},
                    {"pod_ip", "fd00:1::9"},
                    {"pod_host_ip", "fd00:7::11"},
                    {"pod_node_name", "node-1"},
                    {"pod_phase", "Running"},
                    {"pod_ready", "false"},
                    {"pod_uid", "3b9d7a10-5b0e-4a0c-a0a3-9e5d1f6b7c03"},
                    {"pod_container_name", "cache"},
                    {"pod_container_image", "registry.example.com/cache:5"},
                    {"pod_container_id", "containerd://c1"},
                    {"pod_container_init", "false"},
                    {"pod_container_port_name", ""},
                    {"pod_container_port_number", "7000"},
                    {"pod_container_port_protocol", "UDP"}}));
}

const Labels kCheckoutEndpoints = {
    {"namespace", "shop"},
    {"endpoints_name", "checkout"},
    {"endpoints_label_team", "shop"},
    {"endpoints_labelpresent_team", "true"},
    {"endpoints_annotation_endpoints_kubernetes_io_last_change_trigger_time",
     "2027-01-31T10:15:09Z"},
    {"endpoints_annotationpresent_endpoints_kubernetes_io_last_change_trigger_time", "true"},
    {"service_name", "checkout"},
    {"service_label_team", "shop"},
    {"service_labelpresent_team", "true"},
    {"service_annotation_example_com_owner", "ann"},
    {"service_annotationpresent_example_com_owner", "true"}};

TEST(KubernetesGroups, OfEndpointsAreTheirAddressesWithServiceAndPodAndThePodsOtherPorts) {
  const auto pods = Read("pods.json", ReadPod);
  const auto services = Read("services.json", ReadService);
  const auto endpoints = Read("endpoints.json", ReadEndpoints);
  const auto groups = GroupsOfEndpoints(endpoints.at("shop/checkout"), services, pods);
  ASSERT_EQ(groups.size(), 3U);
  const Labels container = {{"pod_container_name", "checkout"},
                            {"pod_container_image", "registry.example.com/checkout:v2.4"},
                            {"pod_container_port_protocol", "TCP"}};
  EXPECT_THAT(groups[0].targets, ElementsAre("10.1.0.17:6060"));
  EXPECT_EQ(Short(groups[0].labels),
            With(With(With(kCheckoutEndpoints, kCheckoutPod), container),
                 {{"endpoint_ready", "true"},
                  {"endpoint_port_name", "pprof"},
                  {"endpoint_port_protocol", "TCP"},
                  {"endpoint_node_name", "node-3"},
                  {"endpoint_address_target_kind", "Pod"},
                  {"endpoint_address_target_name", "checkout-5d9c7b6f4-x2x7q"},
                  {"pod_container_port_name", "pprof"},
                  {"pod_container_port_number", "6060"}}));
  // Its pod is not there any more.
  EXPECT_THAT(groups[1].targets, ElementsAre("10.1.0.18:6060"));
  EXPECT_EQ(
      Short(groups[1].labels),
      With(kCheckoutEndpoints, {{"endpoint_ready", "false"},
                                {"endpoint_port_name", "pprof"},
                                {"endpoint_port_protocol", "TCP"},
                                {"endpoint_hostname", "checkout-1"},
                                {"endpoint_address_target_kind", "Pod"},
                                {"endpoint_address_target_name", "checkout-5d9c7b6f4-gone"}}));
  EXPECT_THAT(groups[2].targets, ElementsAre("10.1.0.17:8080"));
  EXPECT_EQ(Short(groups[2].labels),
            With(With(With(kCheckoutEndpoints, kCheckoutPod), container),
                 {{"pod_container_port_name", "http"}, {"pod_container_port_number", "8080"}}));
}

TEST(KubernetesGroups, OfEndpointsWithoutServicePodsOrAddresses) {
  const auto endpoints = Read("endpoints.json", ReadEndpoints);
  const auto groups = GroupsOfEndpoints(endpoints.at("shop/external"), {}, {});
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0].targets, ElementsAre("203.0.113.7:9000"));
  EXPECT_EQ(Short(groups[0].labels), (Labels{{"namespace", "shop"},
                                             {"endpoints_name", "external"},
                                             {"endpoint_ready", "true"},
                                             {"endpoint_port_name", ""},
                                             {"endpoint_port_protocol", "TCP"}}));
  EXPECT_THAT(GroupsOfEndpoints(endpoints.at("shop/none-yet"), {}, {}), IsEmpty());
}

}  // namespace
}  // namespace heapwatch
