#include "watcher/api/handle_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <boost/json.hpp>
#include <fstream>
#include <set>

#include "analysis/profile/decode.h"
#include "analysis/profile/profile_builder.h"
#include "tests/support/paths.h"
#include "tests/watcher/api/fake_views.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Query = std::multimap<std::string, std::string, std::less<>>;

constexpr std::int64_t kKiB = 1024;

// A target with a leaking site (1 KiB more a minute) and a flat one, seen at minutes 0, 1 and 2.
class HandleApiTest : public ::testing::Test {
 protected:
  HandleApiTest() {
    for (int minute = 0; minute < 3; ++minute)
      EXPECT_TRUE(views_.kept.Append(target_, Minute(minute), Profile(1 + minute)));
    views_.now = Minute(3);
    views_.statuses = {TargetStatus{.labels = target_,
                                    .url = "http://a:6060/debug/pprof/heap",
                                    .up = true,
                                    .last_error = {},
                                    .last_scrape = Minute(2),
                                    .scrapes = 3}};
  }

  static Time Minute(int n) { return FromUnixMillis(1'800'000'000'000 + n * 60'000LL); }

  static HeapProfile Profile(std::int64_t blocks) {
    ProfileBuilder builder({{"inuse_objects", "count"}, {"inuse_space", "bytes"}});
    builder.AddSample({{"main.leak", "main.go", 17, 10}, {"main.main", "main.go", 3, 1}}, kKiB,
                      {blocks, blocks * kKiB});
    builder.AddSample({{"main.flat", "main.go", 32, 30}, {"main.main", "main.go", 4, 1}}, kKiB,
                      {5, 5 * kKiB});
    return std::move(builder).Build();
  }

  HttpResponse Get(const std::string& path, const Query& query = {}) {
    HttpRequest request;
    request.path = path;
    request.query = query;
    return HandleApi(request, views_);
  }

  // The `data` of an answer that must be a success.
  json::object Data(const std::string& path, const Query& query = {}) {
    const HttpResponse response = Get(path, query);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    const json::value body = json::parse(response.body);
    EXPECT_EQ(body.at("status"), "success");
    return body.at("data").as_object();
  }

  // The message of an answer that must be this error.
  std::string ErrorOf(int status, std::string_view type, const std::string& path,
                      const Query& query = {}) {
    const HttpResponse response = Get(path, query);
    EXPECT_EQ(response.status, status) << response.body;
    const json::value body = json::parse(response.body);
    EXPECT_EQ(body.at("status"), "error");
    EXPECT_EQ(body.at("errorType").as_string(), type);
    return std::string(body.at("error").as_string());
  }

  void Judge(const std::vector<VerdictKind>& kinds) {
    TargetVerdicts judged;
    judged.target = target_;
    judged.evaluated = Minute(2);
    for (const VerdictKind kind : kinds) {
      Verdict verdict;
      verdict.site = SiteId(judged.sites.size());
      verdict.kind = kind;
      verdict.reason = "because of <this>";
      verdict.from = Minute(0);
      verdict.to = Minute(2);
      verdict.slope_bytes_per_second = 100.0 + static_cast<double>(judged.sites.size());
      verdict.seconds_to_limit = Interval{3600, std::numeric_limits<double>::infinity()};
      judged.verdicts.push_back(verdict);
      judged.sites.push_back({"main.f" + std::to_string(judged.sites.size()), "main.go", 7, true});
    }
    views_.evaluation.time = Minute(2);
    views_.evaluation.targets.push_back(std::move(judged));
  }

  const Labels target_ = {{"instance", "a:6060"}, {"job", "shop"}};
  const std::string id_ = TargetId::Of(target_).ToString();
  FakeViews views_;
};

TEST_F(HandleApiTest, TellsHowScrapingOfEachTargetGoes) {
  views_.statuses.push_back({.labels = {{"instance", "b:6060"}},
                             .url = "http://b:6060/debug/pprof/heap",
                             .last_error = "connection refused",
                             .last_scrape = Minute(2),
                             .scrapes = 3,
                             .failures = 3});
  const json::object data = Data("/api/v1/targets");
  const json::array& active = data.at("active").as_array();
  ASSERT_EQ(active.size(), 2U);
  EXPECT_EQ(active[0].at("id"), id_.c_str());
  EXPECT_EQ(active[0].at("health"), "up");
  EXPECT_EQ(active[0].at("history").at("snapshots"), 3);
  EXPECT_EQ(active[1].at("health"), "down");
  EXPECT_EQ(active[1].at("last_error"), "connection refused");
  EXPECT_TRUE(data.at("gone").as_array().empty());
}

TEST_F(HandleApiTest, TellsATargetWithoutHistoryFromOneThatNobodyKnows) {
  views_.statuses.push_back({.labels = {{"instance", "b:6060"}}});
  EXPECT_THAT(ErrorOf(404, "not_found", "/api/v1/snapshots", {{"target", "b:6060"}}),
              HasSubstr("of target {instance=\"b:6060\"} nothing is stored yet"));
  EXPECT_THAT(ErrorOf(404, "not_found", "/api/v1/snapshots", {{"target", "c:6060"}}),
              HasSubstr("target \"c:6060\" is unknown: there is "));
}

TEST_F(HandleApiTest, KeepsTargetsInSightThatOnlyHistoryKnows) {
  views_.statuses.clear();
  const json::object data = Data("/api/v1/targets");
  EXPECT_TRUE(data.at("active").as_array().empty());
  EXPECT_EQ(data.at("gone").at(0).at("labels").at("job"), "shop");
}

TEST_F(HandleApiTest, PutsTheMostPressingSitesFirst) {
  Judge({VerdictKind::kChurn, VerdictKind::kLeak, VerdictKind::kGrowing, VerdictKind::kLeak});
  const json::object data = Data("/api/v1/sites", {{"limit", "3"}});
  EXPECT_EQ(data.at("total"), 4);
  const json::array& sites = data.at("sites").as_array();
  ASSERT_EQ(sites.size(), 3U);
  EXPECT_EQ(sites[0].at("site").at("function"), "main.f3");  // the steeper leak
  EXPECT_EQ(sites[1].at("site").at("function"), "main.f1");
  EXPECT_EQ(sites[2].at("verdict"), "growing");  // it may end the process; churn only costs
}

TEST_F(HandleApiTest, PutsTheSiteThatAllocatesMostFirstOfThoseThatChurn) {
  Judge(std::vector(3, VerdictKind::kChurn));
  auto& verdicts = views_.evaluation.targets.back().verdicts;
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    verdicts[i].alloc_bytes_per_second = i == 1 ? 5e6 : 1e6;
  const json::object data = Data("/api/v1/sites", {{"limit", "1"}});
  EXPECT_EQ(data.at("sites").at(0).at("site").at("function"), "main.f1");
}

TEST_F(HandleApiTest, PutsTheLargestFirstOfSitesThatGrowAlikeOrNotAtAll) {
  for (const VerdictKind kind : {VerdictKind::kLeak, VerdictKind::kStable}) {
    views_.evaluation.targets.clear();
    Judge(std::vector(3, kind));
    auto& verdicts = views_.evaluation.targets.back().verdicts;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      verdicts[i].inuse_bytes = i == 1 ? 5e6 : 1e6;
      if (kind == VerdictKind::kLeak) verdicts[i].slope_bytes_per_second = 100;
    }
    const json::object data = Data("/api/v1/sites", {{"limit", "1"}});
    EXPECT_EQ(data.at("sites").at(0).at("site").at("function"), "main.f1");
  }
}

TEST_F(HandleApiTest, LeavesSitesThatPressAlikeInTheOrderOfTheEvaluation) {
  Judge(std::vector(40, VerdictKind::kStable));
  const json::object data = Data("/api/v1/sites", {{"limit", "10"}});
  EXPECT_EQ(data.at("total"), 40);
  const json::array& sites = data.at("sites").as_array();
  ASSERT_EQ(sites.size(), 10U);
  for (std::size_t i = 0; i < sites.size(); ++i)
    EXPECT_EQ(sites[i].at("site").at("function").as_string(), "main.f" + std::to_string(i));
}

TEST_F(HandleApiTest, GivesEachVerdictsEvidenceAndLeavesOutWhatIsNotKnown) {
  Judge({VerdictKind::kLeak});
  const json::object site = Data("/api/v1/sites").at("sites").at(0).as_object();
  EXPECT_EQ(site.at("reason"), "because of <this>");
  EXPECT_EQ(site.at("slope_bytes_per_second"), 100);
  EXPECT_EQ(site.at("to_limit_low_seconds"), 3600);
  EXPECT_FALSE(site.contains("to_limit_high_seconds"));  // infinite
  EXPECT_FALSE(site.contains("retention"));
}

TEST_F(HandleApiTest, LinksEachVerdictToAnswersThatExist) {
  Judge({VerdictKind::kLeak});
  views_.evaluation.targets[0].sites[0] = {"main.leak", "main.go", 7, true};
  const json::object links = Data("/api/v1/sites").at("sites").at(0).at("links").as_object();
  for (const auto& link : links) {
    HttpRequest request;
    std::string address(link.value().as_string());
    ASSERT_THAT(address, StartsWith(views_.url + "/api/v1/"));
    address.erase(0, views_.url.size());
    request.path = address.substr(0, address.find('?'));
    std::string rest = address.substr(address.find('?') + 1);
    while (!rest.empty()) {
      const std::string pair = rest.substr(0, rest.find('&'));
      rest.erase(0, pair.size() + 1);
      request.query.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    const HttpResponse response = HandleApi(request, views_);
    EXPECT_EQ(response.status, 200) << address << " " << response.body;
  }
}

TEST_F(HandleApiTest, SelectsSitesByVerdictAndTarget) {
  Judge({VerdictKind::kStable, VerdictKind::kLeak, VerdictKind::kPlateau});
  EXPECT_EQ(Data("/api/v1/sites", {{"verdict", "leak,plateau"}}).at("total"), 2);
  EXPECT_EQ(Data("/api/v1/sites", {{"target", "a:6060"}}).at("total"), 3);
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/sites", {{"verdict", "leak,leek"}}),
              AllOf(HasSubstr("\"leek\" is unknown"), HasSubstr("insufficient-data")));
}

TEST_F(HandleApiTest, TellsFindingsWithTheirReplicas) {
  Finding finding;
  finding.service = "shop";
  finding.site = {"main.leak", "main.go", 7, true};
  finding.kind = VerdictKind::kLeak;
  finding.replicas.push_back({target_, Verdict{}});
  finding.replica_count = 3;
  views_.evaluation.findings = {finding};
  const json::object told = Data("/api/v1/findings").at("findings").at(0).as_object();
  EXPECT_EQ(told.at("verdict"), "leak");
  EXPECT_EQ(told.at("replica_count"), 3);
  EXPECT_EQ(told.at("replicas").at(0).at("target"), id_.c_str());
}

TEST_F(HandleApiTest, GivesTheSeriesOfOneSite) {
  const json::object data =
      Data("/api/v1/series", {{"target", "a:6060"}, {"site", "main.leak"}, {"from", "now-1h"}});
  EXPECT_EQ(data.at("site").at("line"), 7);
  EXPECT_EQ(json::serialize(data.at("values").at("inuse_space")), "[1024,2048,3072]");
  EXPECT_EQ(json::serialize(data.at("times_unix_ms")),
            "[1800000000000,1800000060000,1800000120000]");
  EXPECT_FALSE(data.at("values").as_object().contains("alloc_space"));  // absent is not zero
}

TEST_F(HandleApiTest, GivesTheSeriesOfAWholeTarget) {
  const json::object data = Data("/api/v1/series", {{"target", id_}});
  EXPECT_EQ(json::serialize(data.at("values").at("inuse_space")), "[6144,7168,8192]");
}

TEST_F(HandleApiTest, RefusesASiteThatIsNotThere) {
  EXPECT_THAT(ErrorOf(404, "not_found", "/api/v1/series", {{"target", id_}, {"site", "main.gone"}}),
              HasSubstr("\"main.gone\" is not among the 2 sites"));
}

TEST_F(HandleApiTest, ListsTheSnapshotsBetweenTwoMoments) {
  const json::object data =
      Data("/api/v1/snapshots",
           {{"target", id_}, {"from", FormatRfc3339(Minute(1))}, {"to", "1800000120"}});
  EXPECT_EQ(data.at("total"), 2);
  EXPECT_EQ(data.at("snapshots").at(0).at("time").as_string(), FormatRfc3339(Minute(1)));
  EXPECT_EQ(data.at("snapshots").at(1).at("inuse_bytes"), 8 * kKiB);
}

TEST_F(HandleApiTest, GivesASnapshotAsTheProfileItWas) {
  const HttpResponse response =
      Get("/api/v1/snapshot", {{"target", id_}, {"t", "now-90s"}, {"format", "pprof"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.at("content-disposition"),
            "attachment; filename=\"heap-a_6060-2027-01-15T08_01_00Z.pb.gz\"");
  EXPECT_EQ(response.headers.at("x-heapwatch-snapshot-time"), FormatRfc3339(Minute(1)));
  const auto profile = DecodeProfile(response.body);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->total(Quantity::kInuseSpace), 7 * kKiB);
}

TEST_F(HandleApiTest, HasNoSnapshotFromBeforeTheFirst) {
  EXPECT_EQ(Get("/api/v1/snapshot", {{"target", id_}, {"t", "now-1h"}}).status, 404);
}

TEST_F(HandleApiTest, DiffsTwoMomentsToTheByte) {
  const Query query = {{"target", id_}, {"t0", "now-3m"}, {"t1", "now"}};
  const json::object data = Data("/api/v1/diff", query);
  EXPECT_EQ(data.at("sample_type").at("type"), "inuse_space");
  EXPECT_EQ(data.at("total").at("change"), 2 * kKiB);
  EXPECT_EQ(data.at("before").at("time").as_string(), FormatRfc3339(Minute(0)));
  EXPECT_EQ(data.at("sites").at(0).at("function"), "main.leak");
  EXPECT_EQ(data.at("sites").at(0).at("after"), 3 * kKiB);
}

TEST_F(HandleApiTest, DiffsAsTextBySiteOrFunction) {
  Query query = {{"target", id_}, {"t0", "now-3m"}, {"t1", "now"}, {"format", "text"}};
  EXPECT_THAT(Get("/api/v1/diff", query).body, HasSubstr("main.leak main.go:+7"));
  query.emplace("by", "function");
  EXPECT_THAT(Get("/api/v1/diff", query).body, HasSubstr("main.main"));
  query.emplace("top", "1");
  EXPECT_THAT(Get("/api/v1/diff", query).body,
              AllOf(HasSubstr("main.leak"), Not(HasSubstr("main.flat"))));
}

TEST_F(HandleApiTest, DiffsAsAProfileForOtherTools) {
  const HttpResponse response = Get("/api/v1/diff", {{"target", id_},
                                                     {"t0", "now-3m"},
                                                     {"t1", "now"},
                                                     {"sample_type", "inuse_objects"},
                                                     {"format", "pprof"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(
      response.headers.at("content-disposition"),
      HasSubstr("filename=\"diff-a_6060-2027-01-15T08_00_00Z-2027-01-15T08_02_00Z.pb.gz\""));
  const auto profile = DecodeProfile(response.body);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->total(Quantity::kInuseSpace), 2 * kKiB);
  EXPECT_EQ(profile->total(Quantity::kInuseObjects), 2);
  EXPECT_THAT(profile->comments,
              ElementsAre("a:6060 at 2027-01-15T08:02:00Z minus a:6060 at 2027-01-15T08:00:00Z"));
}

TEST_F(HandleApiTest, DiffsAsAPictureOrFoldedStacks) {
  Query query = {{"target", id_}, {"t0", "now-3m"}, {"t1", "now"}, {"format", "svg"}};
  const HttpResponse picture = Get("/api/v1/diff", query);
  EXPECT_EQ(picture.content_type, "image/svg+xml");
  EXPECT_THAT(picture.body, HasSubstr("<svg xmlns="));
  query.find("format")->second = "folded";
  EXPECT_THAT(Get("/api/v1/diff", query).body, HasSubstr("main.main;main.leak 1024 3072\n"));
}

TEST_F(HandleApiTest, DiffsOneTargetAgainstAnother) {
  ASSERT_TRUE(views_.kept.Append({{"instance", "b:6060"}}, Minute(2), Profile(11)));
  const json::object data =
      Data("/api/v1/diff", {{"target", id_}, {"target1", "b:6060"}, {"t0", "now"}, {"t1", "now"}});
  EXPECT_EQ(data.at("total").at("change"), 8 * kKiB);
  EXPECT_THAT(Get("/api/v1/diff", {{"target", id_},
                                   {"target1", "b:6060"},
                                   {"t0", "now"},
                                   {"t1", "now"},
                                   {"format", "pprof"}})
                  .headers.at("content-disposition"),
              HasSubstr("\"diff-a_6060-2027-01-15T08_02_00Z-b_6060-2027-01-15T08_02_00Z.pb.gz\""));
}

TEST_F(HandleApiTest, SaysWhichSideOfADiffIsMissing) {
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/diff", {{"target", id_}, {"t0", "now"}}),
              HasSubstr("\"t1\" is missing"));
  EXPECT_THAT(
      ErrorOf(404, "not_found", "/api/v1/diff", {{"target", id_}, {"t0", "now-1h"}, {"t1", "now"}}),
      AllOf(HasSubstr("t0: "), HasSubstr("; its first is of 20")));
  EXPECT_THAT(
      ErrorOf(400, "bad_data", "/api/v1/diff",
              {{"target", id_}, {"t0", "now"}, {"t1", "now"}, {"sample_type", "alloc_space"}}),
      HasSubstr("inuse_space"));
}

TEST_F(HandleApiTest, AnswersValidUtf8WhateverTheTargetSays) {
  views_.statuses[0].last_error = "HTTP 500: \xff\xfe";
  EXPECT_THAT(Get("/api/v1/targets").body, Not(HasSubstr("\xff")));
  EXPECT_THAT(Get("/api/v1/services").body, Not(HasSubstr("\xff")));
}

TEST_F(HandleApiTest, TellsAlertsWithTheTimesOfTheirPhases) {
  AlertView alert;
  alert.phase = AlertPhase::kFiring;
  alert.labels = {{"alertname", "HeapLeak"}};
  alert.pending_since = Minute(0);
  alert.firing_since = Minute(1);
  views_.alerts = {alert};
  const json::object told = Data("/api/v1/alerts").at("alerts").at(0).as_object();
  EXPECT_EQ(told.at("state"), "firing");
  EXPECT_EQ(told.at("firing_since").as_string(), FormatRfc3339(Minute(1)));
  EXPECT_FALSE(told.contains("resolved_at"));
}

TEST_F(HandleApiTest, ServesMetricsAndHealth) {
  views_.metrics = "heapwatch_up 1\n";
  EXPECT_EQ(Get("/metrics").body, "heapwatch_up 1\n");
  EXPECT_EQ(Get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Get("/-/healthy").status, 200);
  EXPECT_EQ(Get("/-/ready").status, 200);
  views_.ready = false;
  EXPECT_EQ(Get("/-/ready").status, 503);
  EXPECT_EQ(Get("/-/healthy").status, 200);
}

TEST_F(HandleApiTest, RefusesParametersByName) {
  EXPECT_THAT(
      ErrorOf(400, "bad_data", "/api/v1/snapshots", {{"target", id_}, {"form", "now"}}),
      HasSubstr(
          "\"form\" is not a parameter of /api/v1/snapshots: give target, from, to or points"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/-/healthy", {{"x", "1"}}), HasSubstr("takes none"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/snapshots", {{"target", id_}, {"target", id_}}),
              HasSubstr("\"target\" is given twice"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/snapshots"), HasSubstr("\"target\" is missing"));
}

TEST_F(HandleApiTest, RefusesValuesThatMakeNoSense) {
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/series", {{"target", id_}, {"from", "yesterday"}}),
              HasSubstr("from: \"yesterday\" is not a time"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/series",
                      {{"target", id_}, {"from", "now"}, {"to", "now-1h"}}),
              HasSubstr("lies after"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/sites", {{"limit", "0"}}),
              HasSubstr("limit: \"0\" is not a number from 1"));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/sites", {{"limit", "7x"}}), HasSubstr("\"7x\""));
  EXPECT_THAT(ErrorOf(400, "bad_data", "/api/v1/snapshot",
                      {{"target", id_}, {"t", "0"}, {"format", "xml"}}),
              HasSubstr("format: \"xml\" is unknown"));
}

TEST_F(HandleApiTest, KnowsNoOtherAddressesAndMethods) {
  EXPECT_THAT(ErrorOf(404, "not_found", "/api/v2/sites"), HasSubstr("/api/v2/sites"));
  EXPECT_THAT(ErrorOf(404, "not_found", "/api/v1/sites/a/b/ack"), HasSubstr("a/b"));
  const auto allowed = [&](const char* method, const char* path) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    const HttpResponse response = HandleApi(request, views_);
    EXPECT_EQ(response.status, 405) << response.body;
    EXPECT_EQ(json::parse(response.body).at("errorType"), "method_not_allowed");
    return response.headers.at("allow");
  };
  EXPECT_EQ(allowed("POST", "/api/v1/sites"), "GET, HEAD");
  EXPECT_EQ(allowed("PUT", "/"), "GET, HEAD");
  EXPECT_EQ(allowed("GET", "/api/v1/profiles"), "POST");
  EXPECT_EQ(allowed("GET", "/api/v1/sites/5f0c3a9d21e4b786/ack"), "POST, DELETE");
  EXPECT_EQ(allowed("GET", "/-/reload"), "POST");
  EXPECT_EQ(allowed("DELETE", "/api/v1/admin/scraping"), "GET, HEAD, POST");
}

// Those of the README's table of addresses: "POST /ingest", those of the page without a parameter.
std::set<std::string> AddressesInTheReadme() {
  const RE2 code("`([^`]+)`");
  std::set<std::string> addresses;
  std::ifstream file(InSource("README.md"));
  bool is_in_table = false;
  for (std::string line; std::getline(file, line);) {
    is_in_table = line.starts_with("| address") || (is_in_table && line.starts_with('|'));
    if (!is_in_table) continue;
    re2::StringPiece cell(line.data() + 1, line.find('|', 1) - 1);
    for (std::string address; RE2::FindAndConsume(&cell, code, &address);)
      addresses.insert(address.substr(0, address.find('?')));
  }
  return addresses;
}

TEST_F(HandleApiTest, EveryAddressStandsInTheReadmeAndNoOther) {
  std::set<std::string> documented = AddressesInTheReadme();
  EXPECT_EQ(documented.erase("/api/v1"), 1U);
  const json::object data = Data("/api/v1");
  for (const json::value& route : data.at("addresses").as_array()) {
    const std::string method(route.at("method").as_string());
    const std::string path(route.at("path").as_string());
    const std::string address = method == "GET" ? path : method + ' ' + path;
    EXPECT_EQ(documented.erase(address), 1U) << address << " is missing in README.md";
  }
  // What is left are the page's views.
  for (const std::string& view : documented)
    EXPECT_THAT(Get(view).content_type, HasSubstr("text/html")) << view;
  EXPECT_EQ(documented.size(), 8U);
}

}  // namespace
}  // namespace heapwatch
