// Kubernetes discovery against a fake API server that speaks its watch protocol.
#include "watcher/discovery/kubernetes_discoverer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/watcher/discovery/fake_api_server.h"
#include "tests/watcher/discovery/running_discoverer.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using Role = KubernetesSdConfig::Role;

constexpr std::chrono::seconds kPatience(60);
constexpr std::chrono::milliseconds kFirstWait(10);

json::value Pod(const std::string& name_space, const std::string& name, const std::string& ip) {
  return json::parse(R"({"metadata": {"namespace": ")" + name_space + R"(", "name": ")" + name +
                     R"("}, "spec": {"containers": [{"name": "app", "ports": [{"name": "pprof",
                     "containerPort": 6060, "protocol": "TCP"}]}]}, "status": {"podIP": ")" +
                     ip + R"("}})");
}

class KubernetesDiscovererTest : public ::testing::Test {
 protected:
  KubernetesDiscovererTest() {
    config_.api_server = api_.url();
    config_.role = Role::kPod;
  }
  void Run() {
    running_ = std::make_unique<RunningDiscoverer>([&](const auto& cpu) {
      return std::make_unique<KubernetesDiscoverer>(config_, cpu, in_cluster_, kFirstWait);
    });
  }
  // The addresses, as one text.
  bool Finds(const std::string& expected) const {
    std::string last;
    const bool is_found = running_->Finds([&](const TargetGroups& groups) {
      std::vector<std::string> all;
      for (const StaticConfig& group : groups) all.push_back(group.targets.at(0));
      std::sort(all.begin(), all.end());
      last.clear();
      for (const std::string& one : all) last += (last.empty() ? "" : " ") + one;
      return last == expected;
    });
    if (!is_found)
      ADD_FAILURE() << "not found: " << expected << "; but " << last << "; told "
                    << running_->error();
    return is_found;
  }
  bool WaitForWatches(int count) const {
    return WaitUntil([&] { return api_.watches() >= count; }, kPatience);
  }
  std::size_t Lists() const {
    const auto requests = api_.requests();
    return static_cast<std::size_t>(std::count_if(
        requests.begin(), requests.end(),
        [](const std::string& request) { return request.find("limit=500") != std::string::npos; }));
  }

  FakeApiServer api_;
  KubernetesSdConfig config_;
  InCluster in_cluster_;
  std::unique_ptr<RunningDiscoverer> running_;
};

TEST_F(KubernetesDiscovererTest, ListsPodsAndFollowsTheirChanges) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  api_.Put("pods", Pod("cart", "b", "10.0.0.2"));
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060 10.0.0.2:6060"));
  EXPECT_EQ(running_->groups()[0].labels.at("__meta_kubernetes_pod_name"), "b");
  ASSERT_TRUE(WaitForWatches(1));
  api_.Put("pods", Pod("shop", "c", ""));
  api_.Put("pods", Pod("shop", "a", "10.0.0.7"));
  ASSERT_TRUE(Finds("10.0.0.2:6060 10.0.0.7:6060"));
  api_.Put("pods", Pod("shop", "c", "10.0.0.3"));
  api_.Delete("pods", "cart", "b");
  ASSERT_TRUE(Finds("10.0.0.3:6060 10.0.0.7:6060"));
  EXPECT_EQ(Lists(), 1U);
  EXPECT_EQ(running_->error(), "");
}

TEST_F(KubernetesDiscovererTest, TakesLongListsInPages) {
  std::string expected;
  for (int i = 10; i < 17; ++i) {
    const std::string ip = "10.0.0." + std::to_string(i);
    api_.Put("pods", Pod("shop", "pod-" + std::to_string(i), ip));
    expected += (expected.empty() ? "" : " ") + ip + ":6060";
  }
  api_.set_page_size(3);
  Run();
  ASSERT_TRUE(Finds(expected));
  EXPECT_EQ(Lists(), 3U);
}

TEST_F(KubernetesDiscovererTest, TakesUpAWatchThatIsCutOffWhereItWas) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  for (int i = 2; i < 5; ++i) {
    const int watches = api_.watches();
    api_.DropWatches();
    api_.Put("pods", Pod("shop", "a", "10.0.0." + std::to_string(i)));
    ASSERT_TRUE(Finds("10.0.0." + std::to_string(i) + ":6060"));
    ASSERT_TRUE(WaitForWatches(watches + 1));
  }
  EXPECT_EQ(Lists(), 1U);
  // A watch that breaks is no failure; one that cannot be begun again would be.
  EXPECT_EQ(running_->error(), "");
}

TEST_F(KubernetesDiscovererTest, ListsAnewWhereItsVersionIsGone) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  api_.Put("pods", Pod("shop", "b", "10.0.0.2"));
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060 10.0.0.2:6060"));
  ASSERT_TRUE(WaitForWatches(1));
  // In the midst of a watch; what was deleted meanwhile is told by nobody.
  api_.Delete("pods", "shop", "b");
  api_.Compact();
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  ASSERT_TRUE(WaitUntil([&] { return api_.gone() >= 1 && Lists() >= 2; }, kPatience));
  // And when a watch is taken up again.
  ASSERT_TRUE(WaitForWatches(2));
  api_.Refuse(503);
  api_.DropWatches();
  ASSERT_TRUE(running_->Tells("HTTP status 503")) << running_->error();
  api_.Delete("pods", "shop", "a");
  api_.Put("pods", Pod("shop", "c", "10.0.0.3"));
  api_.Compact();
  api_.Refuse(0);
  ASSERT_TRUE(Finds("10.0.0.3:6060"));
  EXPECT_TRUE(WaitUntil([&] { return running_->error().empty(); }, kPatience));
}

TEST_F(KubernetesDiscovererTest, BookmarksMoveItsVersionOn) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  ASSERT_TRUE(WaitForWatches(1));
  api_.Bookmark();
  api_.Put("pods", Pod("shop", "a", "10.0.0.2"));
  ASSERT_TRUE(Finds("10.0.0.2:6060"));
  api_.Bookmark();
  const auto asks_from_there = [&] {
    const auto requests = api_.requests();
    // 1001 the pod, 1002 a bookmark, 1003 the pod again, 1004 a bookmark.
    return requests.back().find("resourceVersion=1004") != std::string::npos;
  };
  EXPECT_TRUE(WaitUntil(
      [&] {
        api_.DropWatches();
        return asks_from_there();
      },
      kPatience));
  EXPECT_EQ(Lists(), 1U);
}

TEST_F(KubernetesDiscovererTest, KeepsWhatItFoundWhileItIsRefusedAndTellsWhy) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  api_.Refuse(403, "pods is forbidden: User \"mole\" cannot list resource \"pods\"");
  Run();
  ASSERT_TRUE(running_->Tells("/api/v1/pods: HTTP status 403 Forbidden: pods is forbidden"))
      << running_->error();
  api_.Refuse(0);
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  EXPECT_TRUE(WaitUntil([&] { return running_->error().empty(); }, kPatience));
  api_.Refuse(500, "etcd is away");
  api_.DropWatches();
  ASSERT_TRUE(running_->Tells("etcd is away")) << running_->error();
  EXPECT_EQ(running_->groups().size(), 1U);
}

TEST_F(KubernetesDiscovererTest, LooksOnlyWhereAndForWhatItIsTold) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  api_.Put("pods", Pod("cart", "b", "10.0.0.2"));
  api_.Put("pods", Pod("other", "c", "10.0.0.3"));
  const TemporaryDirectory directory;
  directory.Write("namespace", "cart\n");
  in_cluster_.folder = directory.path();
  config_.namespaces = {"shop"};
  config_.own_namespace = true;
  config_.selectors = {{"pod", "app in (x,y)", "status.phase=Running"}};
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060 10.0.0.2:6060"));
  EXPECT_THAT(
      api_.requests(),
      Each(HasSubstr("&labelSelector=app%20in%20(x,y)&fieldSelector=status.phase=Running")));
}

TEST_F(KubernetesDiscovererTest, FollowsEndpointsWithTheirServicesAndPods) {
  config_.role = Role::kEndpoints;
  const auto named = [](const std::string& more) {
    return json::parse(R"({"metadata": {"namespace": "shop", "name": "web"})" + more + "}");
  };
  api_.Put("endpoints", named(R"(, "subsets": [{"addresses": [{"ip": "10.0.0.1", "targetRef":
      {"kind": "Pod", "namespace": "shop", "name": "a"}}], "ports": [{"port": 6060}]}])"));
  Run();
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  EXPECT_EQ(running_->groups()[0].labels.count("__meta_kubernetes_pod_name"), 0U);
  api_.Put("services", named(""));
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  ASSERT_TRUE(running_->Finds([](const TargetGroups& groups) {
    return groups[0].labels.contains("__meta_kubernetes_pod_name") &&
           groups[0].labels.contains("__meta_kubernetes_service_name");
  }));
  api_.Put("endpoints", named(""));
  ASSERT_TRUE(Finds(""));
}

TEST_F(KubernetesDiscovererTest, LogsInByAKubeconfigWhoseTokenMayChange) {
  api_.Put("pods", Pod("shop", "a", "10.0.0.1"));
  const TemporaryDirectory directory;
  directory.Write("token", "first");
  config_.api_server.clear();
  config_.kubeconfig_file = directory.Path("kubeconfig");
  Run();
  ASSERT_TRUE(running_->Tells("kubeconfig: cannot be read")) << running_->error();
  directory.Write("kubeconfig",
                  "current-context: x\ncontexts: [{name: x, context: {cluster: x, user: "
                  "x}}]\nclusters: [{name: x, cluster: {server: '" +
                      api_.url() + "'}}]\nusers: [{name: x, user: {tokenFile: token}}]\n");
  ASSERT_TRUE(Finds("10.0.0.1:6060"));
  EXPECT_THAT(api_.requests(), Each(HasSubstr("Authorization: Bearer first\r\n")));
  directory.Write("token", "second");
  ASSERT_TRUE(WaitForWatches(1));
  api_.DropWatches();
  ASSERT_TRUE(WaitForWatches(2));
  EXPECT_THAT(api_.requests(), Contains(HasSubstr("Authorization: Bearer second\r\n")));
}

TEST(KubernetesAccess, IsThatOfThePodInACluster) {
  const InCluster in_cluster{"fd00::1", "443", "/run/account"};
  const auto access = AccessTo({}, in_cluster);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server, "https://[fd00::1]:443");
  EXPECT_EQ(access->http.authorization,
            (AuthorizationConfig{"Bearer", Secret(), "/run/account/token"}));
  EXPECT_EQ(access->http.tls.ca_file, "/run/account/ca.crt");
  const auto outside = AccessTo({}, {"", "", ""});
  ASSERT_FALSE(outside);
  EXPECT_THAT(outside.error().message,
              AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("kubeconfig_file")));
}

}  // namespace
}  // namespace heapwatch
