// Two real Alertmanagers that form a cluster, and someone who receives what they send: while one of
// them is killed and comes back, nothing is lost and nothing is told twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <thread>

#include "tests/integration/stand.h"
#include "tests/support/http_probe.h"
#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "watcher/notify/alertmanager_notifier.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr seconds kDeadline(60);

Time Now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

class AlertmanagerCluster : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("prometheus-alertmanager").empty())
      GTEST_SKIP() << "prometheus-alertmanager is not installed";
    const std::string config =
        directory_.Write("alertmanager.yml", R"(
route: {receiver: test, group_by: ['...'], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: test, webhook_configs: [{url: 'http://)" +
                                                 receiver_.address() +
                                                 R"(/', send_resolved: true}]}]
)");
    for (std::size_t i = 0; i < 2; ++i) {
      argv_[i] = {"prometheus-alertmanager",
                  "--config.file=" + config,
                  "--storage.path=" + directory_.Path("am" + std::to_string(i)),
                  "--web.listen-address=" + Address(web_port_[i]),
                  "--cluster.listen-address=" + Address(cluster_port_[i]),
                  "--cluster.peer=" + Address(cluster_port_[1 - i]),
                  "--cluster.peer-timeout=5s",
                  "--cluster.settle-timeout=2s",
                  "--cluster.gossip-interval=50ms",
                  "--cluster.pushpull-interval=1s",
                  "--cluster.reconnect-interval=1s"};
      Run(i);
    }
    AlertingConfig alerting;
    alerting.alertmanagers.resize(1);
    alerting.alertmanagers[0].static_configs = {
        {{Address(web_port_[0]), Address(web_port_[1])}, {}}};
    notifier_.Apply(alerting);
    ASSERT_TRUE(WaitUntil([&] { return Members(0) == 2 && Members(1) == 2; }, kDeadline))
        << manager_[0]->all_output() << manager_[1]->all_output();
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    notifier_.Stop(seconds(1));
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  static std::string Address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  void Run(std::size_t i) { manager_[i] = std::make_unique<Subprocess>(argv_[i]); }
  // How many belong to the cluster, as this one sees it, and it is settled.
  std::size_t Members(std::size_t i) const {
    const json::value status = GetJson("http://" + Address(web_port_[i]) + "/api/v2/status");
    if (!status.is_object() || status.at("cluster").at("status") != "ready") return 0;
    return status.at("cluster").at("peers").as_array().size();
  }

  static Alert Make(const std::string& site) {
    Alert alert;
    alert.labels = {{"alertname", "HeapLeak"}, {"site", site}};
    alert.starts_at = Now() - seconds(10);
    alert.ends_at = Now() + seconds(240);
    alert.generator_url = "http://heapwatch:9199/";
    return alert;
  }
  static Alert Resolved(Alert alert) {
    alert.ends_at = Now();
    alert.is_resolved = true;
    return alert;
  }
  // "site status" -> how often the receiver was told so.
  std::map<std::string, int> Told() const {
    std::map<std::string, int> told;
    for (const std::string& request : receiver_.requests()) {
      const json::value body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
      for (const json::value& alert : body.at("alerts").as_array())
        ++told[std::string(alert.at("labels").at("site").as_string()) + " " +
               std::string(alert.at("status").as_string())];
    }
    return told;
  }
  // How often this member has looked up whether somebody was told already: after each wait for its
  // peer, and before it tells anyone itself.
  int LookUps(std::size_t i) const {
    const auto metrics = HttpGet("http://" + Address(web_port_[i]) + "/metrics");
    const std::string name = "\nalertmanager_nflog_queries_total ";
    const auto at = metrics ? metrics->body.find(name) : std::string::npos;
    return at == std::string::npos ? 0 : std::stoi(metrics->body.substr(at + name.size()));
  }
  // Until both members had their chance to tell of each of `alerts` alerts again.
  bool WaitForSecondThoughts(int alerts) {
    const int before[2] = {LookUps(0), LookUps(1)};
    return WaitUntil(
        [&] { return LookUps(0) >= before[0] + alerts && LookUps(1) >= before[1] + alerts; },
        kDeadline);
  }
  bool WaitForTold(const std::string& what) {
    return WaitUntil([&] { return Told().contains(what); }, kDeadline);
  }

  TemporaryDirectory directory_;
  RawServer receiver_{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  const std::uint16_t web_port_[2] = {FreePort(), FreePort()};
  const std::uint16_t cluster_port_[2] = {FreePort(), FreePort()};
  std::vector<std::string> argv_[2];
  std::unique_ptr<Subprocess> manager_[2];
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  AlertmanagerNotifier notifier_{
      context_.get_executor(),
      {.queue_capacity = 100, .first_wait = Duration(100), .longest_wait = Duration(500)},
      [](std::string_view task, std::string_view what) { ADD_FAILURE() << task << ": " << what; }};
  std::thread thread_;
};

TEST_F(AlertmanagerCluster, LosesAndDoublesNothingWhileOneMemberIsKilledAndComesBack) {
  const Alert before = Make("before");
  notifier_.Send({before});
  ASSERT_TRUE(WaitForTold("before firing"));
  // One that is killed before its peer has heard what it told leaves the peer to tell it again.
  ASSERT_TRUE(WaitForSecondThoughts(1));

  manager_[0]->Kill();
  const Alert meanwhile = Make("meanwhile");
  notifier_.Send({before, meanwhile});
  ASSERT_TRUE(WaitForTold("meanwhile firing"));

  Run(0);
  ASSERT_TRUE(WaitUntil([&] { return Members(0) == 2 && Members(1) == 2; }, kDeadline));
  const Alert after = Make("after");
  // What Heapwatch sends again and again, so that a member that was away learns of everything.
  notifier_.Send({before, meanwhile, after});
  ASSERT_TRUE(WaitForTold("after firing"));
  ASSERT_TRUE(WaitForSecondThoughts(3));
  const auto once = [](const char* what) { return Pair(std::string(what) + " firing", 1); };
  EXPECT_THAT(Told(), ElementsAre(once("after"), once("before"), once("meanwhile")));

  // How often a resolved one is told is not for us to say: a member that waits for its peer tells
  // what it saw before the wait.
  notifier_.Send({Resolved(before), Resolved(meanwhile), Resolved(after)});
  for (const char* what : {"before resolved", "meanwhile resolved", "after resolved"})
    ASSERT_TRUE(WaitForTold(what)) << what;
  for (const NotifierStatus& status : notifier_.Statuses()) EXPECT_EQ(status.dropped, 0U);
}

}  // namespace
}  // namespace heapwatch
