// The same places to find targets given to a real Prometheus and to a real Heapwatch: the labels
// discovered and those left after relabelling must be the same, of targets kept and dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/base/labels.h"
#include "tests/integration/stand.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using ::testing::ContainerEq;

constexpr seconds kPatience(60);

// Each target as one text: its labels, and those it was discovered with; "dropped" for those.
using Seen = std::multiset<std::string>;

std::string Text(const json::value& object) {
  Labels labels;
  for (const auto& [name, value] : object.as_object())
    if (name != "service" && !value.as_string().empty())  // `service` is of ours alone
      labels.emplace(name == "__metrics_path__" ? "__profile_path__" : name, value.as_string());
  return ToString(labels);
}

Seen SeenIn(const json::value& answer, const char* active, const char* dropped,
            const char* discovered) {
  Seen seen;
  if (!answer.is_object()) return seen;
  const auto& data = answer.at("data").as_object();
  for (const auto& target : data.at(active).as_array())
    seen.insert(Text(target.at("labels")) + " from " + Text(target.at(discovered)));
  for (const auto& target : data.at(dropped).as_array())
    seen.insert("dropped from " + Text(target.at(discovered)));
  return seen;
}

class DiscoveryReference : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("prometheus").empty()) GTEST_SKIP() << "prometheus is not installed";
  }
  // Gives both the same configuration, in our words. Its rules may drop targets but not rewrite
  // labels: where they do, Prometheus 2.42 muddles those it tells as discovered.
  void Start(const std::string& config) {
    const std::string our_file = directory_.Write("heapwatch.yml", config);
    std::string theirs = config;
    RE2::GlobalReplace(&theirs, "profile_path", "metrics_path");
    const std::string their_file = directory_.Write("prometheus.yml", theirs);
    prometheus_ = Run({"prometheus", "--config.file=" + their_file,
                       "--storage.tsdb.path=" + directory_.Path("prometheus"),
                       "--web.listen-address=127.0.0.1:" + std::to_string(their_port_)});
    heapwatch_ = Run({InBuild("heapwatch"), "serve", "--config.file", our_file, "--storage.path",
                      directory_.Path("data"), "--web.listen-address",
                      "127.0.0.1:" + std::to_string(our_port_)});
  }
  std::unique_ptr<Subprocess> Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), within_.begin(), within_.end());
    return std::make_unique<Subprocess>(std::move(arguments));
  }
  Seen Theirs() const {
    return SeenIn(GetJson("http://127.0.0.1:" + std::to_string(their_port_) + "/api/v1/targets"),
                  "activeTargets", "droppedTargets", "discoveredLabels");
  }
  Seen Ours() const {
    return SeenIn(GetJson("http://127.0.0.1:" + std::to_string(our_port_) + "/api/v1/targets"),
                  "active", "dropped", "discovered_labels");
  }
  void ExpectTheSame(std::size_t count) {
    WaitUntil([&] { return Theirs().size() == count && Ours().size() == count; }, kPatience);
    const Seen theirs = Theirs();
    EXPECT_EQ(theirs.size(), count) << prometheus_->all_output();
    EXPECT_THAT(Ours(), ContainerEq(theirs)) << heapwatch_->all_output();
  }

  TemporaryDirectory directory_;
  std::vector<std::string> within_;  // what runs both, with the rest as its arguments
  const std::uint16_t our_port_ = FreePort();
  const std::uint16_t their_port_ = FreePort();
  std::unique_ptr<Subprocess> prometheus_;
  std::unique_ptr<Subprocess> heapwatch_;
};

TEST_F(DiscoveryReference, FilesAreReadAsPrometheusReadsThem) {
  directory_.Write("a.json",
                   R"([{"targets": ["a.example:1", "b.example:1"], "labels": {"zone": "eu"}},
                       {"targets": [], "labels": {"zone": "none"}},
                       {"targets": ["d.example:1"], "labels": {"name": "\ud83d\ude00 \u00e9"}}])");
  directory_.Write("b.yml",
                   "- targets: ['c.example:1', '[fd00::3]:6060']\n"
                   "  labels: {zone: us, __meta_rack: r7, __param_gc: '1'}\n");
  directory_.Write(".c.yaml", "- targets: ['hidden.example:1']\n");
  Start(R"(
scrape_configs:
  - job_name: files
    profile_path: /debug/pprof/heap
    file_sd_configs:
      - files: ['*.json', b.yml]
      - files: ['*.yaml']
    relabel_configs:
      - {action: drop, source_labels: [__address__], regex: 'b.*'}
)");
  ExpectTheSame(6);
}

TEST_F(DiscoveryReference, AServerIsAskedAsPrometheusAsksIt) {
  if (FindProgram("nginx").empty()) GTEST_SKIP() << "nginx is not installed: see ./dev";
  const std::uint16_t port = FreePort();
  directory_.Write("list.json",
                   R"([{"targets": ["a.example:1", "b.example:1"], "labels": {"zone": "eu"}},
                       {"targets": ["c.example"], "labels": {"__scheme__": "https"}}])");
  directory_.Write("nginx.conf",
                   "daemon off; master_process off; user root; pid nginx.pid; error_log "
                   "error.log;\nevents {}\nhttp { access_log off; types { application/json json; } "
                   "server { listen 127.0.0.1:" +
                       std::to_string(port) + "; root " + directory_.path() + "; } }\n");
  const Subprocess nginx({"nginx", "-e", directory_.Path("error.log"), "-p", directory_.path(),
                          "-c", directory_.Path("nginx.conf")});
  ASSERT_TRUE(WaitForPort(port, kPatience)) << nginx.all_output();
  Start(R"(
scrape_configs:
  - job_name: server
    profile_path: /debug/pprof/heap
    http_sd_configs:
      - url: http://127.0.0.1:)" +
        std::to_string(port) + R"(/list.json
    relabel_configs:
      - {action: drop, source_labels: [__address__], regex: 'b.*'}
)");
  ExpectTheSame(3);
}

TEST_F(DiscoveryReference, NamesAreLookedUpAsPrometheusLooksThemUp) {
  if (FindProgram("dnsmasq").empty()) GTEST_SKIP() << "dnsmasq is not installed: see ./dev";
  // Prometheus asks port 53 of the servers in /etc/resolv.conf only: both get one of their own.
  const std::string address = "127.0.53.7";
  const std::string mount =
      "mount --bind " +
      directory_.Write("resolv.conf", "nameserver " + address + "\nsearch heap.test\n") +
      " /etc/resolv.conf";
  if (RunProgram({"unshare", "--mount", "sh", "-c", mount}).exit_code != 0)
    GTEST_SKIP() << "needs a namespace of mounts of its own, and so root";
  within_ = {"unshare", "--mount", "sh", "-c", mount + " && exec \"$@\"", "sh"};
  const Subprocess dnsmasq(
      {"dnsmasq", "--keep-in-foreground", "--log-facility=-",
       "--conf-file=" + directory_.Write("dnsmasq.conf",
                                         "no-resolv\nno-hosts\nbind-interfaces\nuser=\n"
                                         "pid-file=\nlocal=/heap.test/\nlisten-address=" +
                                             address +
                                             "\n"
                                             "srv-host=_heap._tcp.shop.heap.test,a.heap.test,6060\n"
                                             "srv-host=_heap._tcp.shop.heap.test,b.heap.test,6061\n"
                                             "host-record=shop.heap.test,10.0.0.1\n"
                                             "host-record=shop.heap.test,10.0.0.2\n"
                                             "host-record=cart.heap.test,10.0.0.3,fd00::3\n"
                                             "cname=alias.heap.test,shop.heap.test\n")});
  Start(R"(
scrape_configs:
  - job_name: records
    profile_path: /debug/pprof/heap
    dns_sd_configs:
      - {names: [_heap._tcp.shop.heap.test, _none._tcp.heap.test], refresh_interval: 1s}
  - job_name: addresses
    profile_path: /debug/pprof/heap
    dns_sd_configs:
      - {names: [alias.heap.test, cart], type: A, port: 6060, refresh_interval: 1s}
      - {names: [cart.heap.test, shop.heap.test], type: AAAA, port: 6060, refresh_interval: 1s}
)");
  ExpectTheSame(6);
}

}  // namespace
}  // namespace heapwatch
