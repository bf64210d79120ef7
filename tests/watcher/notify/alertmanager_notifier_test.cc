#include "watcher/notify/alertmanager_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Then = RawServer::Then;

constexpr seconds kPatience(60);
const std::string kAccepted = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::vector<Alert> SomeAlerts(int count, const std::string& name = "HeapLeak") {
  std::vector<Alert> alerts;
  for (int i = 0; i < count; ++i) {
    Alert alert;
    alert.labels = {{"alertname", name}, {"site", std::to_string(i)}};
    alert.starts_at = FromUnixMillis(1'000'000);
    alert.ends_at = FromUnixMillis(2'000'000);
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

class AlertmanagerNotifierTest : public ::testing::Test {
 protected:
  void Start(const std::vector<std::string>& addresses, std::size_t capacity = 10'000,
             const std::string& prefix = "") {
    notifier_ = std::make_unique<AlertmanagerNotifier>(
        context_.get_executor(),
        NotifierOptions{
            .queue_capacity = capacity, .first_wait = Duration(5), .longest_wait = Duration(20)},
        [this](std::string_view, std::string_view) { ++broken_; });
    config_.alertmanagers.resize(1);
    config_.alertmanagers[0].static_configs = {{addresses, {}}};
    config_.alertmanagers[0].path_prefix = prefix;
    notifier_->Apply(config_);
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    notifier_->Stop(Duration(100));
    work_.reset();
    thread_.join();
    EXPECT_EQ(broken_, 0);
  }
  NotifierStatus Status() { return notifier_->Statuses().at(0); }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  AlertingConfig config_;
  std::unique_ptr<AlertmanagerNotifier> notifier_;
  std::atomic<int> broken_ = 0;
  std::thread thread_;
};

TEST_F(AlertmanagerNotifierTest, ShowsTheTokenOfTheConfigurationInForce) {
  const RawServer server(kAccepted);
  config_.alertmanagers.resize(1);
  config_.alertmanagers[0].http.authorization = {"Bearer", Secret("first"), ""};
  Start({server.address()});
  notifier_->Send(SomeAlerts(1));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 1; }, kPatience));
  config_.alertmanagers[0].http.authorization->credentials = Secret("second");
  notifier_->Apply(config_);
  notifier_->Send(SomeAlerts(1));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 2; }, kPatience));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Bearer first\r\n"));
  EXPECT_THAT(server.requests().at(1), HasSubstr("Authorization: Bearer second\r\n"));
}

TEST_F(AlertmanagerNotifierTest, PostsJsonToTheV2ApiUnderThePrefix) {
  const RawServer server(kAccepted);
  Start({server.address()}, 100, "/am/");
  notifier_->Send(SomeAlerts(1));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 1; }, kPatience));
  EXPECT_THAT(server.requests().at(0),
              AllOf(HasSubstr("POST /am/api/v2/alerts HTTP/1.1"),
                    HasSubstr("Content-Type: application/json"), HasSubstr("HeapLeak")));
}

TEST_F(AlertmanagerNotifierTest, SendsToEveryAlertmanagerAndAHangingOneDelaysNoOther) {
  const RawServer hanging("", Then::kHold);
  const RawServer first(kAccepted);
  const RawServer second(kAccepted);
  Start({hanging.address(), first.address(), second.address()});
  for (int i = 0; i < 3; ++i) notifier_->Send(SomeAlerts(1, "Leak" + std::to_string(i)));
  EXPECT_TRUE(WaitUntil(
      [&] {
        int done = 0;
        for (const auto& status : notifier_->Statuses()) done += status.sent == 3;
        return done == 2;
      },
      kPatience));
}

TEST_F(AlertmanagerNotifierTest, SplitsWhatIsManyIntoBatches) {
  const RawServer server(kAccepted);
  Start({server.address()});
  notifier_->Send(SomeAlerts(600));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 600; }, kPatience));
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(AlertmanagerNotifierTest, TriesAgainAfterAServerErrorUntilItIsDelivered) {
  std::atomic<int> calls = 0;
  const RawServer server([&](const std::string&) {
    return RawServer::Answer{++calls < 4 ? HttpAnswer(503, "text/plain", "busy") : kAccepted,
                             Then::kClose};
  });
  Start({server.address()});
  notifier_->Send(SomeAlerts(2));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 2; }, kPatience));
  EXPECT_EQ(Status().errors, 3U);
  EXPECT_EQ(Status().queued, 0U);
}

TEST_F(AlertmanagerNotifierTest, TriesAgainWhileNobodyListens) {
  Start({"127.0.0.1:" + std::to_string(FreePort())});
  notifier_->Send(SomeAlerts(2));
  ASSERT_TRUE(WaitUntil([&] { return Status().errors >= 3; }, kPatience));
  EXPECT_EQ(Status().sent, 0U);
}

TEST_F(AlertmanagerNotifierTest, DoesNotRepeatABatchThatWasRefused) {
  std::atomic<int> calls = 0;
  const RawServer server([&](const std::string&) {
    return RawServer::Answer{++calls == 1 ? HttpAnswer(400, "text/plain", "bad label") : kAccepted,
                             Then::kClose};
  });
  Start({server.address()});
  notifier_->Send(SomeAlerts(2, "Bad"));
  ASSERT_TRUE(WaitUntil([&] { return Status().refused == 2; }, kPatience));
  notifier_->Send(SomeAlerts(1, "Good"));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 1; }, kPatience));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(AlertmanagerNotifierTest, DropsTheOldestWhenItsQueueIsFullAndCountsThem) {
  Start({"127.0.0.1:" + std::to_string(FreePort())}, 10);
  notifier_->Send(SomeAlerts(50));
  EXPECT_TRUE(WaitUntil([&] { return Status().dropped >= 30; }, kPatience));
  EXPECT_LE(Status().queued, 10U);
}

TEST_F(AlertmanagerNotifierTest, AReloadKeepsThePeersThatStayAndStartsTheNew) {
  const RawServer first(kAccepted);
  const RawServer second(kAccepted);
  Start({first.address()});
  notifier_->Send(SomeAlerts(1));
  ASSERT_TRUE(WaitUntil([&] { return Status().sent == 1; }, kPatience));
  config_.alertmanagers[0].static_configs[0].targets.push_back(second.address());
  notifier_->Apply(config_);
  notifier_->Send(SomeAlerts(1));
  EXPECT_TRUE(WaitUntil(
      [&] { return first.requests().size() == 2 && second.requests().size() == 1; }, kPatience));
  config_.alertmanagers.clear();
  notifier_->Apply(config_);
  EXPECT_TRUE(notifier_->Statuses().empty());
}

TEST_F(AlertmanagerNotifierTest, StopDeliversWhatIsQueuedFirst) {
  const RawServer server(kAccepted);
  Start({server.address()});
  notifier_->Send(SomeAlerts(300));
  notifier_->Stop(kPatience);
  EXPECT_EQ(Status().sent, 300U);
}

}  // namespace
}  // namespace heapwatch
