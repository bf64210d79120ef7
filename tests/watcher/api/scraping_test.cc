#include "watcher/api/scraping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/watcher/api/fake_views.h"
#include "watcher/api/handle_api.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Labels kTarget = {{"instance", "a:1"}, {"job", "api"}, {"service", "shop"}};

class ScrapingTest : public ::testing::Test, public ScrapeStopKeeper {
 protected:
  ScrapingTest() {
    views_.now = FromUnixMillis(1'795'345'200'000);
    TargetStatus scraped;
    scraped.labels = kTarget;
    TargetStatus pushed;
    pushed.labels = {{"instance", "p:1"}, {"job", "batch"}};
    pushed.is_pushed = true;
    views_.statuses = {scraped, pushed};
  }

  Result<void> Stop(const ScrapeStop& stop) override {
    views_.stops.push_back(stop);
    return {};
  }
  Result<void> Resume(const Labels& of, const std::string& by, const std::string&) override {
    resumed_ = of;
    resumed_by_ = by;
    return {};
  }

  HttpResponse Send(const std::string& body, bool is_enabled = true) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/admin/scraping";
    request.headers["content-type"] = "application/json";
    request.user = user_;
    request.body = body;
    EXPECT_TRUE(IsScrapingRequest(request));
    return HandleScraping(request, views_, is_enabled, *this);
  }
  HttpResponse Get(const std::string& path) {
    HttpRequest request;
    request.path = path;
    EXPECT_FALSE(IsScrapingRequest(request));
    return HandleApi(request, views_);
  }
  Labels Stopped(const std::string& selection) {
    views_.stops.clear();
    const auto response =
        Send(R"({"action": "stop", "by": "ann", "reason": "r")" + selection + "}");
    EXPECT_EQ(response.status, 200) << response.body;
    return views_.stops.at(0).of;
  }

  FakeViews views_;
  Labels resumed_;
  std::string resumed_by_;
  std::string user_;
};

TEST_F(ScrapingTest, StopsAndListsWithWhoWhyAndWhen) {
  const std::string told =
      R"({"status":"success","data":{"stops":[{"labels":{"job":"api"},"by":"ann",)"
      R"("reason":"INC-7","since":"2026-11-22T11:00:00Z","targets":1}]}})"
      "\n";
  EXPECT_EQ(Send(R"({"action": "stop", "job": "api", "by": "ann", "reason": "INC-7"})").body, told);
  EXPECT_EQ(Get("/api/v1/admin/scraping").body, told);
}

TEST_F(ScrapingTest, TakesAJobAnInstanceAnIdOrEverything) {
  EXPECT_EQ(Stopped(""), Labels());
  EXPECT_EQ(Stopped(R"(, "job": "api")"), (Labels{{"job", "api"}}));
  EXPECT_EQ(Stopped(R"(, "target": "a:1")"), (Labels{{"instance", "a:1"}}));
  EXPECT_EQ(Stopped(R"(, "job": "api", "target": "a:1")"),
            (Labels{{"instance", "a:1"}, {"job", "api"}}));
  EXPECT_EQ(Stopped(R"(, "target": ")" + TargetId::Of(kTarget).ToString() + '"'), kTarget);
}

TEST_F(ScrapingTest, ResumesByIdWhatIsNoLongerWatched) {
  Stopped(R"(, "target": ")" + TargetId::Of(kTarget).ToString() + '"');
  views_.statuses.clear();
  user_ = "alice";
  EXPECT_EQ(Send(R"({"action": "resume", "reason": "over", "target": ")" +
                 TargetId::Of(kTarget).ToString() + "\"}")
                .status,
            200);
  EXPECT_EQ(resumed_, kTarget);
  EXPECT_EQ(resumed_by_, "alice");
}

TEST_F(ScrapingTest, ShowsAStoppedTargetAsSuch) {
  views_.statuses[0].stopped =
      ScrapeStop{.of = {}, .by = "ann", .reason = "INC-7", .since = views_.now};
  EXPECT_THAT(Get("/api/v1/targets").body, HasSubstr(R"("health":"stopped")"));
  EXPECT_THAT(
      Get("/api/v1/targets").body,
      HasSubstr(R"("stopped":{"by":"ann","reason":"INC-7","since":"2026-11-22T11:00:00Z"})"));
}

TEST_F(ScrapingTest, TellsWhyATargetIsScrapedLessOftenThanConfigured) {
  EXPECT_THAT(Get("/api/v1/targets").body, Not(HasSubstr("stretched")));
  views_.statuses[0].pace = {std::chrono::minutes(3), StretchReason::kServing};
  EXPECT_THAT(
      Get("/api/v1/targets").body,
      HasSubstr(R"("stretched":{"interval_ms":180000,"reason":"serving","message":"it takes)"));
}

TEST_F(ScrapingTest, TakesTheFlagAndSaysSo) {
  const auto response = Send(R"({"action": "stop", "by": "ann", "reason": "r"})", false);
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr(R"("errorType":"forbidden")"), HasSubstr("--web.enable-admin-api")));
  EXPECT_TRUE(views_.stops.empty());
  EXPECT_EQ(Get("/api/v1/admin/scraping").status, 200);
}

TEST_F(ScrapingTest, RefusesWhatIsWrongAndSaysWhat) {
  const auto refusal = [&](const std::string& body, int status = 400) {
    const auto response = Send(body, true);
    EXPECT_EQ(response.status, status) << body;
    return response.body;
  };
  EXPECT_THAT(refusal(R"({"action": "pause", "by": "a", "reason": "r"})"), HasSubstr("pause"));
  EXPECT_THAT(refusal(R"({"action": "stop", "reason": "r"})"), HasSubstr("by: "));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a"})"), HasSubstr("reason: "));
  EXPECT_THAT(
      refusal(R"({"action": "stop", "by": "a", "reason": ")" + std::string(1001, 'x') + "\"}"),
      HasSubstr("1000 characters"));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a", "reason": "r", "jobs": "api"})"),
              HasSubstr("jobs"));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a", "reason": "r", "job": ""})"),
              HasSubstr("job: is empty"));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a", "reason": "r", "job": "web"})", 404),
              HasSubstr("/api/v1/targets"));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a", "reason": "r", "job": "batch"})", 404),
              HasSubstr("no target that is scraped"));
  EXPECT_THAT(refusal(R"({"action": "stop", "by": "a", "reason": "r", "job": "web", "target": ")" +
                      TargetId::Of(kTarget).ToString() + "\"}"),
              HasSubstr("belongs to the job"));
  EXPECT_TRUE(views_.stops.empty());
}

}  // namespace
}  // namespace heapwatch
