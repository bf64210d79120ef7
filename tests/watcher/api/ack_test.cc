#include "watcher/api/ack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/watcher/api/fake_views.h"
#include "watcher/api/handle_api.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

const Site kSite{.function = "main.leak", .file = "main.go"};

class AckTest : public ::testing::Test, public AckKeeper {
 protected:
  AckTest() {
    views_.now = FromUnixMillis(1'795'345'200'000);
    TargetVerdicts target;
    target.sites = {kSite};
    TargetVerdicts other;
    target.target = {{"service", "shop"}};
    other.target = {{"service", "cart"}};
    views_.evaluation.targets = {target, other};
  }

  Result<void> Acknowledge(Ack ack) override { return views_.acks.Add(std::move(ack)); }
  Result<Ack> Withdraw(const std::string& site_id, const std::string& service,
                       const std::string& author) override {
    return views_.acks.Withdraw(site_id, service, author, views_.now);
  }

  HttpResponse Send(const std::string& method, const std::string& body,
                    const std::string& id = kSite.id_text(),
                    const std::string& type = "application/json") {
    HttpRequest request;
    request.method = method;
    request.user = user_;
    request.path = "/api/v1/sites/" + id + "/ack";
    request.headers["content-type"] = type;
    request.body = body;
    EXPECT_TRUE(IsAckRequest(request));
    return HandleAck(request, views_, *this);
  }
  HttpResponse Get(const std::string& path) {
    HttpRequest request;
    request.path = path;
    return HandleApi(request, views_);
  }

  FakeViews views_;
  std::string user_;  // who has logged in
};

TEST_F(AckTest, AcknowledgesASiteAndListsIt) {
  const auto response =
      Send("POST", R"({"by": "ann", "reason": "HEAP-42", "for": "7d", "service": "shop"})");
  ASSERT_EQ(response.status, 200) << response.body;
  const std::string told = R"({"site":")" + kSite.id_text() +
                           R"(","service":"shop","by":"ann","reason":"HEAP-42",)"
                           R"("created":"2026-11-22T11:00:00Z","expires":"2026-11-29T11:00:00Z",)"
                           R"("covers_pages":false})";
  EXPECT_EQ(response.body, R"({"status":"success","data":)" + told + "}\n");
  EXPECT_EQ(Get("/api/v1/acks").body,
            R"({"status":"success","data":{"acks":[)" + told +
                R"(],"audit":[{"time":"2026-11-22T11:00:00Z","action":"acknowledged","by":"ann",)"
                R"("ack":)" +
                told + "}]}}\n");
}

TEST_F(AckTest, PutsWhoHasLoggedInOnRecord) {
  user_ = "alice";
  Send("POST", R"({"reason": "r", "for": "1h"})");
  EXPECT_EQ(views_.acks.Active().at(0).author, "alice");
  Send("POST", R"({"by": "bob", "reason": "r", "for": "1h"})");
  EXPECT_EQ(views_.acks.Active().at(0).author, "bob (alice)");
}

TEST_F(AckTest, TakesAPointInTimeToo) {
  EXPECT_EQ(Send("POST", R"({"by": "a", "reason": "r", "expires": "2026-11-23T00:00:00Z"})").status,
            200);
  EXPECT_EQ(FormatRfc3339(views_.acks.Active().at(0).expires), "2026-11-23T00:00:00Z");
}

TEST_F(AckTest, CoversPagesWhereOneIsOpen) {
  AlertView alert;
  alert.phase = AlertPhase::kFiring;
  alert.site_id = kSite.id_text();
  alert.labels = {{"service", "shop"}, {"severity", "page"}};
  views_.alerts = {alert};
  Send("POST", R"({"by": "a", "reason": "r", "for": "1h", "service": "cart"})");
  EXPECT_FALSE(views_.acks.Active().at(0).covers_pages);
  Send("POST", R"({"by": "a", "reason": "r", "for": "1h"})");
  EXPECT_TRUE(views_.acks.Active().at(0).covers_pages);
}

TEST_F(AckTest, WithdrawsWhatWasAcknowledged) {
  Send("POST", R"({"by": "ann", "reason": "r", "for": "1h"})");
  EXPECT_EQ(Send("DELETE", R"({"by": "bob"})").status, 200);
  EXPECT_TRUE(views_.acks.Active().empty());
  EXPECT_EQ(Send("DELETE", R"({"by": "bob"})").status, 404);
}

TEST_F(AckTest, RefusesWhatIsWrongAndSaysWhat) {
  const auto refusal = [&](const std::string& body) {
    const auto response = Send("POST", body);
    EXPECT_EQ(response.status, 400) << body;
    return response.body;
  };
  EXPECT_THAT(refusal(""), HasSubstr("JSON object"));
  EXPECT_THAT(refusal("[]"), HasSubstr("JSON object"));
  EXPECT_THAT(refusal(std::string(100'000, ' ')), HasSubstr("64 KiB"));
  EXPECT_THAT(refusal(R"({"autor": "a"})"), HasSubstr("autor"));
  EXPECT_THAT(refusal(R"({"by": 7})"), HasSubstr("by: must be a text"));
  EXPECT_THAT(refusal(R"({"by": "a", "reason": "r"})"), HasSubstr("give either `for`"));
  EXPECT_THAT(refusal(R"({"by": "a", "reason": "r", "for": "soon"})"), HasSubstr("for: "));
  EXPECT_THAT(refusal(R"({"by": "a", "reason": "r", "expires": "soon"})"), HasSubstr("expires: "));
  EXPECT_THAT(refusal(R"({"by": "a", "for": "1h"})"), HasSubstr("reason: "));
  EXPECT_TRUE(views_.acks.Audit().empty());
}

TEST_F(AckTest, RefusesWhatABrowserWouldSendForAForeignPage) {
  const auto response =
      Send("POST", R"({"by": "a", "reason": "r", "for": "1h"})", kSite.id_text(), "text/plain");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("Content-Type: application/json"));
}

TEST_F(AckTest, KnowsOnlySitesThatAreWatched) {
  const auto response =
      Send("POST", R"({"by": "a", "reason": "r", "for": "1h"})", "0123456789abcdef");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("0123456789abcdef"));
}

TEST_F(AckTest, KnowsOnlyServicesThatAreWatchedOrAlert) {
  const auto status = [&](const std::string& service) {
    return Send("POST", R"({"by": "a", "reason": "r", "for": "1h", "service": ")" + service + "\"}")
        .status;
  };
  EXPECT_EQ(status("shop"), 200);
  EXPECT_EQ(status("cart"), 200);  // has it not yet, but may after its next deploy
  EXPECT_EQ(status("old"), 404);
  AlertView alert;
  alert.labels = {{"service", "old"}};
  views_.alerts = {alert};
  EXPECT_EQ(status("old"), 200);
  EXPECT_EQ(
      Send("POST", R"({"by": "a", "reason": "r", "for": "1h", "service": "shopp"})").body,
      R"({"status":"error","errorType":"not_found","error":"service: \"shopp\" is not watched )"
      R"(now; the services are cart, old, shop"})"
      "\n");
  EXPECT_EQ(views_.acks.Active().size(), 3U);
}

TEST_F(AckTest, TakesNoOtherRequestForOne) {
  const auto is_ack = [](const std::string& method, const std::string& path) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    return IsAckRequest(request);
  };
  EXPECT_FALSE(is_ack("GET", "/api/v1/sites/0123456789abcdef/ack"));
  EXPECT_FALSE(is_ack("POST", "/api/v1/sites//ack"));
  EXPECT_FALSE(is_ack("POST", "/api/v1/sites/ack"));
  EXPECT_FALSE(is_ack("POST", "/api/v1/sites"));
}

TEST_F(AckTest, ShowsWhatBecameOfAlertsNewestFirst) {
  for (int minute = 0; minute < 3; ++minute)
    views_.alert_history.push_back({.time = views_.now - std::chrono::minutes(3 - minute),
                                    .state = minute == 2 ? "resolved" : "firing",
                                    .labels = {{"alertname", "HeapLeak"}},
                                    .summary = "leaks",
                                    .note = std::to_string(minute)});
  EXPECT_EQ(
      Get("/api/v1/alerts/history").body,
      R"({"status":"success","data":{"total":3,"changes":[)"
      R"({"time":"2026-11-22T10:59:00Z","state":"resolved","labels":{"alertname":"HeapLeak"},)"
      R"("summary":"leaks","note":"2"},)"
      R"({"time":"2026-11-22T10:58:00Z","state":"firing","labels":{"alertname":"HeapLeak"},)"
      R"("summary":"leaks","note":"1"},)"
      R"({"time":"2026-11-22T10:57:00Z","state":"firing","labels":{"alertname":"HeapLeak"},)"
      R"("summary":"leaks","note":"0"}]}})"
      "\n");
  HttpRequest request;
  request.path = "/api/v1/alerts/history";
  request.query = {{"from", "now-150s"}, {"limit", "1"}};
  const json::value data = json::parse(HandleApi(request, views_).body).at("data");
  EXPECT_EQ(data.at("total").as_int64(), 2);
  EXPECT_EQ(data.at("changes").as_array().size(), 1U);
}

}  // namespace
}  // namespace heapwatch
