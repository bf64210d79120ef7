// DNS discovery against a real dnsmasq on loopback.
#include "watcher/discovery/dns_discoverer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/watcher/discovery/running_discoverer.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using Type = DnsSdConfig::Type;

constexpr std::chrono::seconds kPatience(60);

class DnsDiscovererTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("dnsmasq").empty()) GTEST_SKIP() << "dnsmasq is not installed: see ./dev";
    resolv_conf_ = directory_.Write(
        "resolv.conf", "nameserver 127.0.0.1\nsearch heap.test\noptions timeout:1 attempts:1\n");
  }
  // Has it know these records and no others.
  void Serve(const std::string& records) {
    dnsmasq_.reset();
    const std::string config =
        directory_.Write("dnsmasq.conf",
                         "no-resolv\nno-hosts\nbind-interfaces\nlisten-address=127.0.0.1\nuser=\n"
                         "pid-file=\nlocal=/heap.test/\nport=" +
                             std::to_string(port_) + "\n" + records);
    dnsmasq_ = std::make_unique<Subprocess>(std::vector<std::string>{
        "dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=" + config});
    // It listens on TCP too.
    ASSERT_TRUE(WaitForPort(port_, kPatience)) << dnsmasq_->all_output();
  }
  void Ask(std::vector<std::string> names, Type type, std::uint16_t port = 0) {
    running_ = std::make_unique<RunningDiscoverer>([&](const auto&) {
      return std::make_unique<DnsDiscoverer>(
          DnsSdConfig{names, type, port, std::chrono::milliseconds(100)},
          DnsResolver(resolv_conf_, port_));
    });
  }
  // The addresses, as one text.
  bool Finds(const std::string& expected) const {
    std::string last;
    const bool is_found = running_->Finds([&](const TargetGroups& groups) {
      last.clear();
      for (const StaticConfig& group : groups)
        last += (last.empty() ? "" : " ") + group.targets.at(0);
      return last == expected;
    });
    if (!is_found)
      ADD_FAILURE() << "not found: " << expected << "; but " << last << "; told "
                    << running_->error();
    return is_found;
  }

  TemporaryDirectory directory_;
  const std::uint16_t port_ = FreePort();
  std::string resolv_conf_;
  std::unique_ptr<Subprocess> dnsmasq_;
  std::unique_ptr<RunningDiscoverer> running_;
};

TEST_F(DnsDiscovererTest, FindsHostsAndPortsInSrvRecords) {
  Serve(
      "srv-host=_heap._tcp.shop.heap.test,a.heap.test,6060\n"
      "srv-host=_heap._tcp.shop.heap.test,b.heap.test,6061\n");
  Ask({"_heap._tcp.shop.heap.test"}, Type::kSrv);
  ASSERT_TRUE(Finds("a.heap.test:6060 b.heap.test:6061"));
  EXPECT_EQ(running_->groups()[1].labels, (Labels{{"__meta_dns_name", "_heap._tcp.shop.heap.test"},
                                                  {"__meta_dns_srv_record_target", "b.heap.test."},
                                                  {"__meta_dns_srv_record_port", "6061"}}));
  EXPECT_EQ(running_->error(), "");
}

TEST_F(DnsDiscovererTest, FindsAddressesBehindNamesAliasesAndSearchDomains) {
  Serve(
      "host-record=shop.heap.test,10.0.0.1\n"
      "host-record=shop.heap.test,10.0.0.2\n"
      "host-record=cart.heap.test,10.0.0.3,fd00::3\n"
      "cname=alias.heap.test,cart.heap.test\n");
  Ask({"shop.heap.test", "alias.heap.test", "cart"}, Type::kA, 6060);
  ASSERT_TRUE(Finds("10.0.0.1:6060 10.0.0.2:6060 10.0.0.3:6060 10.0.0.3:6060"));
  EXPECT_EQ(running_->groups()[2].labels, (Labels{{"__meta_dns_name", "alias.heap.test"}}));
  Ask({"cart.heap.test."}, Type::kAaaa, 6060);
  EXPECT_TRUE(Finds("[fd00::3]:6060"));
}

TEST_F(DnsDiscovererTest, TakesAnswersTooLongForUdp) {
  std::string records;
  std::string expected;
  for (int i = 100; i < 256; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    records += "host-record=many.heap.test," + address + "\n";
    expected += (expected.empty() ? "" : " ") + address + ":1";
  }
  Serve(records);
  Ask({"many.heap.test"}, Type::kA, 1);
  EXPECT_TRUE(Finds(expected));
}

TEST_F(DnsDiscovererTest, FollowsChangesAndLetsGoOfANameThatIsNoMore) {
  Serve("host-record=shop.heap.test,10.0.0.1\nhost-record=cart.heap.test,10.0.0.2\n");
  Ask({"shop.heap.test", "cart.heap.test"}, Type::kA, 1);
  ASSERT_TRUE(Finds("10.0.0.1:1 10.0.0.2:1"));
  Serve("host-record=shop.heap.test,10.0.0.7\n");
  ASSERT_TRUE(Finds("10.0.0.7:1"));
  EXPECT_TRUE(WaitUntil([&] { return running_->error().empty(); }, kPatience));
}

TEST_F(DnsDiscovererTest, KeepsWhatItFoundWhileNobodyAnswers) {
  Serve("host-record=shop.heap.test,10.0.0.1\n");
  Ask({"shop.heap.test"}, Type::kA, 1);
  ASSERT_TRUE(Finds("10.0.0.1:1"));
  dnsmasq_->Kill();
  ASSERT_TRUE(running_->Tells("shop.heap.test: ")) << running_->error();
  EXPECT_EQ(running_->groups().size(), 1U);
  Serve("host-record=shop.heap.test,10.0.0.2\n");
  EXPECT_TRUE(Finds("10.0.0.2:1"));
}

}  // namespace
}  // namespace heapwatch
