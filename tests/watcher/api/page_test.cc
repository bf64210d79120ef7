// What the API serves for the page alone: its files, the tree a flame graph draws, the services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "analysis/profile/inflate.h"
#include "analysis/profile/profile_builder.h"
#include "tests/watcher/api/fake_views.h"
#include "watcher/api/handle_api.h"
#include "watcher/web/web_files.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Query = std::multimap<std::string, std::string, std::less<>>;

constexpr std::int64_t kMiB = 1 << 20;

// A target on which main.leak grows from 1 to 5 MiB below main.main, and main.flat holds 2 MiB.
class PageTest : public ::testing::Test {
 protected:
  PageTest() {
    EXPECT_TRUE(views_.kept.Append(target_, At(0), Profile(1)));
    EXPECT_TRUE(views_.kept.Append(target_, At(1), Profile(3)));
    EXPECT_TRUE(views_.kept.Append(target_, At(2), Profile(5)));
    views_.now = At(3);
  }

  static Time At(int minute) { return FromUnixMillis(1'800'000'000'000 + minute * 60'000LL); }

  static HeapProfile Profile(std::int64_t blocks) {
    ProfileBuilder builder({{"inuse_objects", "count"}, {"inuse_space", "bytes"}});
    builder.AddSample({{"main.leak", "main.go", 17, 10}, {"main.main", "main.go", 3, 1}}, kMiB,
                      {blocks, blocks * kMiB});
    builder.AddSample({{"main.flat", "main.go", 32, 30}, {"main.main", "main.go", 4, 1}}, kMiB,
                      {2, 2 * kMiB});
    return std::move(builder).Build();
  }

  HttpResponse Get(const std::string& path, const Query& query = {}, const Labels& headers = {}) {
    HttpRequest request;
    request.path = path;
    request.query = query;
    request.headers = headers;
    return HandleApi(request, views_);
  }

  json::value Data(const std::string& path, const Query& query = {}) {
    const HttpResponse response = Get(path, query);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body).at("data");
  }

  static Query Between(Query more = {}) {
    more.insert({{"target", "a:6060"}, {"t0", FormatRfc3339(At(0))}, {"t1", FormatRfc3339(At(2))}});
    return more;
  }

  // The names of a tree's nodes in their order.
  static std::vector<std::string> Names(const json::value& data) {
    const json::object& nodes = data.at("tree").at("nodes").as_object();
    std::vector<std::string> names;
    for (const json::value& name : nodes.at("name").as_array())
      names.emplace_back(nodes.at("names").at(name.to_number<std::size_t>()).as_string());
    return names;
  }

  const Labels target_ = {{"instance", "a:6060"}, {"job", "shop"}, {"service", "shop"}};
  FakeViews views_;
};

TEST_F(PageTest, ServesTheSamePageForEveryView) {
  const std::string page = Get("/").body;
  EXPECT_THAT(page, AllOf(HasSubstr("<!doctype html>"), HasSubstr("/assets/")));
  for (const char* view :
       {"/leaks", "/site", "/diff", "/snapshot", "/alerts", "/targets", "/status"})
    EXPECT_EQ(Get(view).body, page) << view;
  EXPECT_EQ(Get("/elsewhere").status, 404);
  EXPECT_EQ(Get("/assets/none.js").status, 404);
}

TEST_F(PageTest, LeadsABrowserBackFromAnAddressThatIsNone) {
  const Labels browser = {{"accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};
  const HttpResponse page = Get("/elsewhere", {}, browser);
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(page.content_type, HasSubstr("text/html"));
  EXPECT_THAT(page.body, AllOf(HasSubstr("href=\"./\""), HasSubstr("<style>")));
  EXPECT_THAT(Get("/a/b/c", {}, browser).body, HasSubstr("href=\"./../../\""));
  for (const HttpResponse& to_a_program :
       {Get("/elsewhere"), Get("/elsewhere", {}, {{"accept", "*/*"}}),
        Get("/api/v1/elsewhere", {}, browser)}) {
    EXPECT_EQ(to_a_program.status, 404);
    EXPECT_EQ(json::parse(to_a_program.body).at("errorType"), "not_found");
  }
}

TEST_F(PageTest, LetsThePageRunItsOwnScriptsAndNothingElse) {
  const HttpResponse page = Get("/");
  EXPECT_THAT(page.headers.at("content-security-policy"),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                    HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("unsafe"))));
  EXPECT_THAT(page.body, Not(HasSubstr("http://")));
  EXPECT_THAT(page.body, Not(HasSubstr("https://")));
}

TEST_F(PageTest, ServesItsFilesCompressedAndToBeKept) {
  for (const WebFile& file : WebFiles()) {
    const std::string path(file.path);
    const HttpResponse compressed = Get(path, {}, {{"accept-encoding", "gzip, br"}});
    EXPECT_EQ(compressed.headers.at("content-encoding"), "gzip") << path;
    const HttpResponse plain = Get(path);
    EXPECT_FALSE(plain.headers.contains("content-encoding")) << path;
    EXPECT_EQ(Inflater().Inflate(compressed.body, 16U << 20).value(), plain.body) << path;
    EXPECT_EQ(Get(path, {}, {{"if-none-match", plain.headers.at("etag")}}).status, 304) << path;
    EXPECT_THAT(plain.headers.at("cache-control"),
                HasSubstr(path.starts_with("/assets/") ? "immutable" : "no-cache"))
        << path;
  }
}

TEST_F(PageTest, StaysUnderHalfAMegabyte) {
  std::size_t bytes = 0;
  for (const WebFile& file : WebFiles()) bytes += file.gzip.size();
  EXPECT_LT(bytes, 500'000U);
  EXPECT_GT(bytes, 10'000U);
}

TEST_F(PageTest, CompressesLongAnswersForThoseWhoUnderstand) {
  const Labels accepting = {{"accept-encoding", "gzip"}};
  const std::string plain = Get("/api/v1").body;
  const HttpResponse compressed = Get("/api/v1", {}, accepting);
  EXPECT_EQ(compressed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(Inflater().Inflate(compressed.body, 1U << 20).value(), plain);
  EXPECT_FALSE(Get("/-/ready", {}, accepting).headers.contains("content-encoding"));
}

TEST_F(PageTest, CompressesAsTheWeightsOfTheAskerSay) {
  const auto is_compressed = [&](const char* accepted) {
    return Get("/api/v1", {}, {{"accept-encoding", accepted}}).headers.contains("content-encoding");
  };
  for (const char* accepted : {"gzip;q=0.5", "br, GZIP ; q=0.001", "*", "*;q=0, gzip", "x-gzip"})
    EXPECT_TRUE(is_compressed(accepted)) << accepted;
  for (const char* accepted :
       {"", "br", "gzip; q=0", "gzip;q=0.000", "*, gzip;q=0", "*;q=0", "gzippy", "identity"})
    EXPECT_FALSE(is_compressed(accepted)) << accepted;
}

TEST_F(PageTest, DrawsWhatChangedAsATree) {
  const json::value data = Data("/api/v1/tree", Between());
  EXPECT_THAT(Names(data), ElementsAre("root", "main.main", "main.leak")) << "flat did not change";
  EXPECT_EQ(data.at("tree").at("nodes").at("grew").at(2), 4 * kMiB);
  EXPECT_EQ(data.at("tree").at("nodes").at("self_after").at(2), 5 * kMiB);
  EXPECT_EQ(data.at("total").at("change"), 4 * kMiB);
  EXPECT_EQ(data.at("after").at("labels").at("service"), "shop");
}

TEST_F(PageTest, BeginsATreeFurtherDownWhereAsked) {
  const json::value whole = Data("/api/v1/tree", Between());
  const std::string id(whole.at("tree").at("nodes").at("id").at(2).as_string());
  const json::value data = Data("/api/v1/tree", Between({{"node", id}}));
  EXPECT_THAT(Names(data), ElementsAre("main.leak"));
  const json::array& above = data.at("tree").at("above").as_array();
  ASSERT_EQ(above.size(), 2U);
  EXPECT_EQ(above[0].at("name"), "root");
  EXPECT_EQ(above[1].at("name"), "main.main");
  EXPECT_EQ(above[1].at("change"), 4 * kMiB);
  EXPECT_EQ(Get("/api/v1/tree", Between({{"node", "beef"}})).status, 404);
  EXPECT_EQ(Get("/api/v1/tree", Between({{"node", "no hex"}})).status, 400);
}

TEST_F(PageTest, PrunesATreeToTheLargestNodesAndCountsTheRest) {
  const json::value data = Data("/api/v1/tree", Between({{"max_nodes", "2"}}));
  EXPECT_THAT(Names(data), ElementsAre("root"));
  EXPECT_EQ(data.at("tree").at("left_out"), 3);
}

TEST_F(PageTest, KeepsOfATreeTheStacksThroughAFunctionOrOfASite) {
  const json::value leaf = Data("/api/v1/tree", Between({{"filter", "LEAK"}, {"from", "leaf"}}));
  EXPECT_THAT(Names(leaf), ElementsAre("root", "main.leak", "main.main"));
  const std::string site = Site{"main.flat", "main.go", 2, true}.id_text();
  EXPECT_THAT(Names(Data("/api/v1/tree", {{"target", "a:6060"}, {"t", "now"}, {"site", site}})),
              ElementsAre("root", "main.main", "main.flat"));
  EXPECT_THAT(Names(Data("/api/v1/tree", Between({{"filter", "nowhere"}}))), ElementsAre("root"));
}

TEST_F(PageTest, ShowsOneMomentAsTheChangeFromNothing) {
  const Query now = {{"target", "a:6060"}, {"t", "now"}};
  const json::value tree = Data("/api/v1/tree", now);
  EXPECT_EQ(tree.at("total").at("before"), 0);
  EXPECT_EQ(tree.at("total").at("after"), 7 * kMiB);
  Query lists = now;
  lists.insert({"format", "json"});
  const json::value heap = Data("/api/v1/snapshot", lists);
  EXPECT_EQ(heap.at("sites").at(0).at("function"), "main.leak");
  EXPECT_EQ(heap.at("sites").at(0).at("after"), 5 * kMiB);
  EXPECT_TRUE(heap.at("notes").as_array().empty());
}

TEST_F(PageTest, ThinsSnapshotsOutEvenlyWithTheFirstAndTheLast) {
  const auto times = [&](const std::string& points) {
    std::vector<std::string> out;
    const json::value data = Data("/api/v1/snapshots", {{"target", "a:6060"}, {"points", points}});
    for (const json::value& shot : data.at("snapshots").as_array())
      out.emplace_back(shot.at("time").as_string());
    return out;
  };
  EXPECT_THAT(times("2"), ElementsAre(FormatRfc3339(At(0)), FormatRfc3339(At(2))));
  EXPECT_THAT(times("1"), ElementsAre(FormatRfc3339(At(2))));
  EXPECT_EQ(times("100").size(), 3U);
}

Finding FindingOn(const Labels& target, VerdictKind kind, double slope) {
  Finding finding;
  finding.service = ServiceOf(target);
  finding.site = {"main.leak", "main.go", 7, true};
  finding.kind = kind;
  Verdict verdict;
  verdict.kind = kind;
  verdict.slope_bytes_per_second = slope;
  verdict.seconds_to_limit = Interval{60, 3600};
  finding.replicas = {{target, verdict}, {target, verdict}};
  finding.replica_count = 2;
  return finding;
}

TEST_F(PageTest, SumsUpEveryServiceAndPutsTheMostPressingFirst) {
  const Labels other = {{"instance", "b:6060"}, {"service", "api"}, {"version", "v2"}};
  views_.statuses = {
      TargetStatus{
          .labels = target_, .url = {}, .up = true, .last_error = {}, .last_scrape = At(2)},
      TargetStatus{.labels = other, .url = {}, .last_error = "refused", .last_scrape = At(2)},
      TargetStatus{.labels = {{"instance", "c:6060"}, {"service", "api"}},
                   .url = {},
                   .last_error = {},
                   .last_scrape = {},
                   .stopped = ScrapeStop{}}};
  TargetVerdicts judged;
  judged.target = target_;
  judged.verdicts.resize(2);
  judged.verdicts[1].kind = VerdictKind::kLeak;
  TargetVerdicts seen_little = judged;
  seen_little.target = other;
  seen_little.verdicts[1].kind = VerdictKind::kInsufficientData;
  views_.evaluation.targets = {judged, seen_little};
  views_.evaluation.findings = {FindingOn(target_, VerdictKind::kLeak, 100)};
  AlertView firing;
  firing.phase = AlertPhase::kFiring;
  firing.labels = {{"service", "shop"}};
  views_.alerts = {firing};
  const json::value services = Data("/api/v1/services").at("services");
  ASSERT_EQ(services.as_array().size(), 2U);
  const json::value& shop = services.at(0);
  EXPECT_EQ(shop.at("service"), "shop");
  EXPECT_EQ(shop.at("sites").at("leak"), 1);
  EXPECT_EQ(shop.at("growth_bytes_per_second").to_number<double>(), 200);
  EXPECT_EQ(shop.at("to_limit_low_seconds"), 60);
  EXPECT_EQ(shop.at("firing"), 1);
  EXPECT_EQ(shop.at("worst").at("site").at("function"), "main.leak");
  const json::value& api = services.at(1);
  EXPECT_EQ(shop.at("targets"), json::value({{"up", 1}}));
  EXPECT_EQ(shop.at("judged"), 1);
  EXPECT_EQ(shop.at("shown").as_string(), TargetId::Of(target_).ToString());
  EXPECT_EQ(api.at("targets"), json::value({{"down", 1}, {"stopped", 1}}));
  EXPECT_EQ(api.at("judged"), 0);
  EXPECT_EQ(api.at("failing").at(0).at("error"), "refused");
  EXPECT_EQ(api.at("versions").at(0), "v2");
}

TEST_F(PageTest, DrawsTheCourseOfAVerdictIntoTheSeriesOfItsSite) {
  for (int minute = 3; minute < 10; ++minute)
    ASSERT_TRUE(views_.kept.Append(target_, At(minute), Profile(1 + 2 * minute)));
  views_.now = At(10);
  const Site site = {"main.leak", "main.go", 7, true};
  Verdict verdict;
  verdict.site = SiteId(0U);
  verdict.kind = VerdictKind::kLeak;
  verdict.course = "a line";
  verdict.from = At(0);
  verdict.to = At(9);
  TargetVerdicts judged;
  judged.target = target_;
  judged.sites = {site};
  judged.verdicts = {verdict};
  views_.evaluation.targets = {judged};
  TargetStatus status;
  status.labels = target_;
  status.memory_limit_bytes = 100 * kMiB;
  views_.statuses = {status};

  const json::value data =
      Data("/api/v1/series", {{"target", "a:6060"}, {"site", site.id_text()}, {"from", "now-1h"}});
  const json::object& model = data.at("model").as_object();
  EXPECT_EQ(model.at("course"), "a line");
  EXPECT_NEAR(model.at("bytes").as_array().back().to_number<double>(), 19.0 * kMiB, kMiB / 10.0);
  EXPECT_EQ(model.at("low").as_array().size(), model.at("times_unix_ms").as_array().size());
  EXPECT_EQ(data.at("total_inuse_space").as_array().back(), 21 * kMiB);
  EXPECT_EQ(data.at("memory_limit_bytes"), 100 * kMiB);
  EXPECT_EQ(data.at("gogc"), 100);
}

TEST_F(PageTest, LetsTotalsOfExtremesWrapAround) {
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
  for (const char* function : {"main.a", "main.b"})
    builder.AddSample({{function, "main.go", 1, 1}}, 1, {std::numeric_limits<std::int64_t>::max()});
  ASSERT_TRUE(views_.kept.Append({{"instance", "x"}}, At(2), std::move(builder).Build()));
  EXPECT_EQ(Data("/api/v1/series", {{"target", "x"}}).at("values").at("inuse_space"),
            json::array{-2});
}

TEST_F(PageTest, GivesTheCoursesOfSeveralSitesInOneAnswer) {
  const std::string leak = Site{"main.leak", "main.go", 7, true}.id_text();
  const json::value data =
      Data("/api/v1/sparklines",
           {{"target", "a:6060"}, {"sites", leak + ",0123456789abcdef"}, {"points", "2"}});
  EXPECT_EQ(data.at("sites").as_object().size(), 1U);
  EXPECT_EQ(data.at("sites").at(leak), json::value({1 * kMiB, 5 * kMiB}));
  EXPECT_EQ(data.at("times_unix_ms").as_array().size(), 2U);
}

TEST_F(PageTest, TellsOneSiteOnAllReplicasOfAService) {
  TargetVerdicts judged;
  judged.sites = {{"main.leak", "main.go", 7, true}, {"main.flat", "main.go", 2, true}};
  judged.verdicts.resize(2);
  judged.verdicts[0].site = SiteId(0U);
  judged.verdicts[1].site = SiteId(1U);
  judged.target = target_;
  TargetVerdicts other = judged;
  other.target = {{"instance", "b:6060"}, {"service", "api"}};
  views_.evaluation.targets = {judged, other};
  const std::string leak = judged.sites[0].id_text();
  EXPECT_EQ(Data("/api/v1/sites", {{"site", leak}}).at("total"), 2);
  EXPECT_EQ(Data("/api/v1/sites", {{"site", "main.leak"}}).at("total"), 2);
  const json::value data = Data("/api/v1/sites", {{"site", leak}, {"service", "shop"}});
  EXPECT_EQ(data.at("total"), 1);
  EXPECT_EQ(data.at("sites").at(0).at("labels").at("instance"), "a:6060");
}

TEST_F(PageTest, NamesTheServicesWhereAnUnknownOneIsAskedFor) {
  const auto error = [&](const std::string& service) {
    const HttpResponse response = Get("/api/v1/sites", {{"service", service}});
    EXPECT_EQ(response.status, 404) << service;
    return std::string(json::parse(response.body).at("error").as_string());
  };
  EXPECT_THAT(error("shpo"), HasSubstr("did you mean \"shop\"?"));
  for (int i = 0; i < 11; ++i) {
    TargetStatus status;
    status.labels = {{"service", "svc" + std::to_string(i)}};
    views_.statuses.push_back(status);
  }
  EXPECT_THAT(error("payment"), HasSubstr("there is shop, svc0, svc1, svc10, "));
  EXPECT_THAT(error("payment"), HasSubstr(", and 2 more that /api/v1/services lists"));
  // One of which nothing has been judged yet, and one that is gone but for its history.
  EXPECT_EQ(Data("/api/v1/sites", {{"service", "svc5"}}).at("total"), 0);
  EXPECT_EQ(Data("/api/v1/sites", {{"service", "shop"}}).at("total"), 0);
}

TEST_F(PageTest, TellsTheConfigurationInForce) {
  Config config;
  ScrapeConfig& job = config.scrape_configs.emplace_back();
  job.job_name = "shop";
  job.memory_limit_bytes = 2048 * kMiB;
  job.stop_scraping = "INC-7";
  job.params = {{"gc", {"1"}}};
  job.static_configs = {{{"a:6060"}, {{"region", "eu"}}}};
  job.discovery_configs = {FileSdConfig{.files = {"shops/*.json"}}, DnsSdConfig{.names = {"_a"}}};
  job.relabel_configs = {{.action = RelabelAction::kHashMod, .source_labels = {"b"}, .modulus = 2}};
  config.site_rules.skip_functions = {"pool::.*"};
  AlertmanagerConfig& cluster = config.alerting.alertmanagers.emplace_back();
  cluster.static_configs = {{{"am:9093"}, {}}};
  AlertRule& rule = config.alerting.rules.emplace_back();
  rule.name = "batch";
  rule.match = {{"job", "nightly"}};
  config.alerting.links = {{"logs", "https://logs.example.com/{{service}}"}};
  views_.configuration = std::make_shared<const Config>(config);
  const json::value data = Data("/api/v1/config");
  EXPECT_EQ(data.at("site_rules").at("skip_functions"), json::array{"pool::.*"});
  const json::value& alerting = data.at("alerting");
  EXPECT_EQ(alerting.at("alertmanagers").at(0).at("static_configs").at(0).at("targets"),
            json::array{"am:9093"});
  EXPECT_EQ(alerting.at("alertmanagers").at(0).at("timeout"), "10s");
  EXPECT_EQ(alerting.at("alert_on"), (json::array{"leak", "churn", "regression", "target-down"}));
  EXPECT_EQ(alerting.at("min_regression_rate"), "1.0 MiB/s");
  EXPECT_EQ(alerting.at("rules").at(0).at("match").at("job"), "nightly");
  EXPECT_EQ(alerting.at("links").at(0).at("url"), "https://logs.example.com/{{service}}");
  EXPECT_EQ(data.at("global").at("scrape_budget").at("total_bytes_per_minute"), "1.0 GiB");
  EXPECT_EQ(data.at("global").at("scrape_budget").at("bytes_in_flight"), "256 MiB");
  const json::value& shop = data.at("scrape_configs").at(0);
  EXPECT_EQ(shop.at("job_name"), "shop");
  EXPECT_EQ(shop.at("stop_scraping"), "INC-7");
  EXPECT_EQ(shop.at("memory_limit"), "2.0 GiB");
  EXPECT_EQ(shop.at("params").at("gc"), json::array{"1"});
  EXPECT_EQ(shop.at("static_configs").at(0).at("labels").at("region"), "eu");
  EXPECT_EQ(shop.at("file_sd_configs").at(0).at("files"), json::array{"shops/*.json"});
  EXPECT_EQ(shop.at("dns_sd_configs").at(0).at("type"), "SRV");
  EXPECT_EQ(shop.at("relabel_configs").at(0).at("action"), "hashmod");
  EXPECT_EQ(shop.at("relabel_configs").at(0).at("modulus"), 2);
  EXPECT_EQ(data.at("detection").at("warm_up"), "15m");
}

TEST_F(PageTest, TellsNoSecretOfTheConfiguration) {
  const Secret hush("hush");
  HttpClientConfig http;
  http.basic_auth = BasicAuthConfig{"ann", hush, ""};
  http.authorization = AuthorizationConfig{"Bearer", hush, ""};
  http.tls.key = hush;
  http.http_headers = {{"X-Key", {hush}, {"key.txt"}}};
  http.proxy_url = hush;
  Config config;
  ScrapeConfig& job = config.scrape_configs.emplace_back();
  job.http = http;
  HttpSdConfig server;
  server.url = "http://sd/";
  server.http = http;
  KubernetesSdConfig cluster;
  cluster.http = http;
  job.discovery_configs = {server, cluster};
  config.alerting.alertmanagers.emplace_back().http = http;
  WebhookConfig& webhook = config.alerting.webhooks.emplace_back();
  webhook.url = "https://hooks.example.com/hush?token=hush";
  webhook.http = http;
  views_.configuration = std::make_shared<const Config>(config);
  EXPECT_THAT(Get("/api/v1/config").body, Not(HasSubstr("hush")));
  const json::value data = Data("/api/v1/config");
  EXPECT_EQ(data.at("alerting").at("webhooks").at(0).at("url"),
            "https://hooks.example.com/<secret>");
  const json::value& shown = data.at("scrape_configs").at(0).at("http_sd_configs").at(0);
  EXPECT_EQ(shown.at("basic_auth"), (json::object{{"username", "ann"}, {"password", "<secret>"}}));
  EXPECT_EQ(shown.at("authorization").at("credentials"), "<secret>");
  EXPECT_EQ(shown.at("tls_config").at("key"), "<secret>");
  EXPECT_EQ(shown.at("http_headers").at("X-Key"),
            (json::object{{"secrets", {"<secret>"}}, {"files", {"key.txt"}}}));
  EXPECT_EQ(shown.at("proxy_url"), "<secret>");
}

}  // namespace
}  // namespace heapwatch
