#include "watcher/notify/webhook_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = RawServer::Then;

constexpr seconds kPatience(60);
const std::string kAccepted = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";

Alert News(const std::string& site, bool is_resolved = false) {
  Alert alert;
  alert.labels = {{"alertname", "HeapLeak"}, {"site", site}};
  alert.is_news = true;
  alert.is_resolved = is_resolved;
  return alert;
}

class WebhookNotifierTest : public ::testing::Test {
 protected:
  void Start(const std::vector<std::string>& addresses, bool send_resolved = true) {
    notifier_ = std::make_unique<WebhookNotifier>(
        context_.get_executor(), context_.get_executor(), options_,
        [](const Alert& alert, std::size_t) {
          return std::string(Get(alert.labels, "site")) +
                 (alert.is_resolved ? " resolved" : " firing");
        },
        [this](std::string_view, std::string_view) { ++broken_; });
    for (const std::string& address : addresses)
      config_.webhooks.push_back({.url = "http://" + address + "/secret?token=x",
                                  .timeout = kPatience,
                                  .send_resolved = send_resolved});
    notifier_->Apply(config_);
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    notifier_->Stop(Duration(100));
    work_.reset();
    thread_.join();
    EXPECT_EQ(broken_, 0);
  }
  bool WaitForSent(std::uint64_t count, std::size_t peer = 0) {
    return WaitUntil([&] { return notifier_->Statuses().at(peer).sent == count; }, kPatience);
  }
  // Whether the only peer has failed once and waits to try again.
  bool IsInBackOff() const {
    const NotifierStatus status = notifier_->Statuses().at(0);
    return status.errors == 1 && status.queued == 1;
  }
  // What came, without the headers.
  static std::vector<std::string> Bodies(const RawServer& server) {
    std::vector<std::string> bodies;
    for (const std::string& request : server.requests())
      bodies.push_back(request.substr(request.find("\r\n\r\n") + 4));
    return bodies;
  }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  NotifierOptions options_{
      .queue_capacity = 10, .first_wait = Duration(5), .longest_wait = Duration(20)};
  AlertingConfig config_;
  std::unique_ptr<WebhookNotifier> notifier_;
  std::atomic<int> broken_ = 0;
  std::thread thread_;
};

TEST_F(WebhookNotifierTest, LogsInAsTheConfigurationSays) {
  const RawServer server(kAccepted);
  Start({server.address()});
  config_.webhooks[0].http.basic_auth = {"ann", Secret("hush"), ""};
  notifier_->Apply(config_);
  notifier_->Send({News("a")});
  ASSERT_TRUE(WaitForSent(1));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Basic YW5uOmh1c2g=\r\n"));
}

TEST_F(WebhookNotifierTest, PostsEachPieceOfNewsOnce) {
  const RawServer server(kAccepted);
  Start({server.address()});
  Alert again = News("a");
  again.is_news = false;
  notifier_->Send({News("a"), News("b")});
  ASSERT_TRUE(WaitForSent(2));
  notifier_->Send({again});
  notifier_->Send({News("a", /*is_resolved=*/true)});
  ASSERT_TRUE(WaitForSent(3));
  EXPECT_THAT(Bodies(server), ElementsAre("a firing", "b firing", "a resolved"));
  EXPECT_THAT(server.requests().at(0), AllOf(HasSubstr("POST /secret?token=x HTTP/1.1"),
                                             HasSubstr("Content-Type: application/json")));
}

TEST_F(WebhookNotifierTest, ShowsNoMoreOfAnAddressThanItsHost) {
  const RawServer server(kAccepted);
  Start({server.address()});
  EXPECT_THAT(
      notifier_->Statuses().at(0).url,
      AllOf(HasSubstr(server.address()), Not(HasSubstr("secret")), Not(HasSubstr("token"))));
}

TEST_F(WebhookNotifierTest, LeavesResolvedOnesToThoseWhoWantThem) {
  const RawServer server(kAccepted);
  Start({server.address()}, /*send_resolved=*/false);
  notifier_->Send({News("a", true)});
  notifier_->Send({News("b")});
  ASSERT_TRUE(WaitForSent(1));
  EXPECT_THAT(Bodies(server), ElementsAre("b firing"));
}

TEST_F(WebhookNotifierTest, OneThatHangsDelaysNoOther) {
  const RawServer hanging("", Then::kHold);
  const RawServer server(kAccepted);
  Start({hanging.address(), server.address()});
  for (int i = 0; i < 3; ++i) notifier_->Send({News(std::to_string(i))});
  EXPECT_TRUE(WaitUntil([&] { return server.requests().size() == 3; }, kPatience));
  EXPECT_EQ(notifier_->Undelivered().size(), 3U);
}

TEST_F(WebhookNotifierTest, TriesAgainUntilItIsDelivered) {
  std::atomic<int> calls = 0;
  const RawServer server([&](const std::string&) {
    return RawServer::Answer{++calls < 4 ? HttpAnswer(503, "text/plain", "busy") : kAccepted,
                             Then::kClose};
  });
  Start({server.address()});
  notifier_->Send({News("a")});
  EXPECT_TRUE(WaitForSent(1));
  EXPECT_EQ(notifier_->Statuses().at(0).errors, 3U);
}

TEST_F(WebhookNotifierTest, TellsWhatIsUndeliveredUntilItIsDelivered) {
  std::atomic<bool> is_up = false;
  const RawServer server([&](const std::string&) {
    return RawServer::Answer{is_up ? kAccepted : HttpAnswer(503, "text/plain", "busy"),
                             Then::kClose};
  });
  Start({server.address()});
  notifier_->Send({News("a")});
  EXPECT_THAT(notifier_->Undelivered(), ElementsAre(News("a").labels));
  is_up = true;
  EXPECT_TRUE(WaitUntil([&] { return notifier_->Undelivered().empty(); }, kPatience));
}

TEST_F(WebhookNotifierTest, GivesUpWhatIsRefused) {
  const RawServer server(HttpAnswer(413, "text/plain", "too large"));
  Start({server.address()});
  notifier_->Send({News("a")});
  EXPECT_TRUE(WaitUntil([&] { return notifier_->Statuses().at(0).refused == 1; }, kPatience));
  EXPECT_TRUE(WaitUntil([&] { return notifier_->Undelivered().empty(); }, kPatience));
}

TEST_F(WebhookNotifierTest, AReloadKeepsThoseThatStayAndStartsTheNew) {
  const RawServer first(kAccepted);
  const RawServer second(kAccepted);
  Start({first.address()});
  notifier_->Send({News("a")});
  ASSERT_TRUE(WaitForSent(1));
  config_.webhooks.push_back({.url = "http://" + second.address() + "/"});
  notifier_->Apply(config_);
  notifier_->Send({News("b")});
  EXPECT_TRUE(WaitUntil(
      [&] { return first.requests().size() == 2 && second.requests().size() == 1; }, kPatience));
  config_.webhooks.clear();
  notifier_->Apply(config_);
  EXPECT_TRUE(notifier_->Statuses().empty());
}

TEST_F(WebhookNotifierTest, AReloadThatChangesAnUrlTellsTheNewOneWhatWaits) {
  const RawServer busy(HttpAnswer(503, "text/plain", "busy"));
  const RawServer server(kAccepted);
  Start({busy.address()});
  notifier_->Send({News("a"), News("b")});
  ASSERT_TRUE(WaitUntil([&] { return !busy.requests().empty(); }, kPatience));
  config_.webhooks[0].url = "http://" + server.address() + "/";
  notifier_->Apply(config_);
  ASSERT_TRUE(WaitForSent(2));
  EXPECT_THAT(Bodies(server), ElementsAre("a firing", "b firing"));
  EXPECT_THAT(notifier_->Statuses().at(0).url, HasSubstr(server.address()));
}

TEST_F(WebhookNotifierTest, AReloadThatReordersLeavesEachWhatWaitsForIt) {
  std::atomic<bool> is_up = false;
  const RawServer busy([&](const std::string&) {
    return RawServer::Answer{is_up ? kAccepted : HttpAnswer(503, "text/plain", "busy"),
                             Then::kClose};
  });
  const RawServer server(kAccepted);
  Start({busy.address(), server.address()});
  notifier_->Send({News("a")});
  ASSERT_TRUE(WaitUntil([&] { return server.requests().size() == 1; }, kPatience));
  std::swap(config_.webhooks[0], config_.webhooks[1]);
  config_.webhooks.insert(config_.webhooks.begin(), {.url = "http://127.0.0.1:9/new"});
  notifier_->Apply(config_);
  is_up = true;
  EXPECT_TRUE(WaitUntil([&] { return notifier_->Undelivered().empty(); }, kPatience));
  EXPECT_EQ(Bodies(busy).back(), "a firing");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(WebhookNotifierTest, AReloadEndsOneThatWaitsToTryAgain) {
  const RawServer busy(HttpAnswer(503, "text/plain", "busy"));
  options_.first_wait = std::chrono::hours(1);
  Start({busy.address()});
  notifier_->Send({News("a")});
  ASSERT_TRUE(WaitUntil([&] { return IsInBackOff(); }, kPatience));
  config_.webhooks.clear();
  notifier_->Apply(config_);  // and that it ends is no failure: see TearDown
  EXPECT_TRUE(notifier_->Statuses().empty());
}

TEST_F(WebhookNotifierTest, TriesOnceMoreAtTheStopInsteadOfWaiting) {
  std::atomic<bool> is_up = false;
  const RawServer server([&](const std::string&) {
    return RawServer::Answer{is_up ? kAccepted : HttpAnswer(503, "text/plain", "busy"),
                             Then::kClose};
  });
  options_.first_wait = std::chrono::hours(1);
  Start({server.address()});
  notifier_->Send({News("a")});
  ASSERT_TRUE(WaitUntil([&] { return IsInBackOff(); }, kPatience));
  is_up = true;
  notifier_->Stop(kPatience);
  EXPECT_EQ(notifier_->Statuses().at(0).sent, 1U);
}

}  // namespace
}  // namespace heapwatch
