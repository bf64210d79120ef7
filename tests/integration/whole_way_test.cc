// The whole way, with real programs: from the heap of a Go service to an alert in Alertmanager, a
// gauge in Prometheus and a diff that `go tool pprof` reads. One stand serves all tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <sstream>

#include "tests/integration/stand.h"
#include "tests/support/http_probe.h"
#include "tests/support/run_coroutine.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr auto kDeadline = minutes(2);
const std::string kLeak = "main.(*Sessions).Remember";
const std::string kCache = "main.(*Thumbnails).Get";
const std::string kChurn = "main.renderReport";
const std::string kTraffic = "main.(*Orders).Place";
const std::string kOutside = "[outside the heap]";

class WholeWay : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Stand::Missing().empty()) stand_ = std::make_unique<Stand>();
  }
  static void TearDownTestSuite() { stand_.reset(); }

  void SetUp() override {
    if (!Stand::Missing().empty()) GTEST_SKIP() << Stand::Missing();
    ASSERT_NE(stand_, nullptr);
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << stand_->Logs();
  }

  static std::unique_ptr<Stand> stand_;
};
std::unique_ptr<Stand> WholeWay::stand_;

// "HeapLeak main.f" for each alert that Alertmanager holds.
std::set<std::string> AlertsAt(const std::string& alertmanager) {
  std::set<std::string> alerts;
  const json::value all = GetJson(alertmanager + "/api/v2/alerts");
  if (!all.is_array()) return alerts;
  for (const json::value& alert : all.as_array()) {
    const json::object& labels = alert.at("labels").as_object();
    const auto text = [&](const char* name) {
      const json::value* value = labels.if_contains(name);
      return value == nullptr ? std::string() : std::string(value->as_string());
    };
    alerts.insert(text("alertname") + " " + text("function"));
  }
  return alerts;
}

TEST_F(WholeWay, CallsLeakCacheChurnAndTrafficWhatTheyAre) {
  EXPECT_TRUE(WaitUntil([&] { return stand_->VerdictOn(kLeak) == "leak"; }, kDeadline))
      << stand_->VerdictOn(kLeak);
  EXPECT_TRUE(WaitUntil([&] { return stand_->VerdictOn(kChurn) == "churn"; }, kDeadline))
      << stand_->VerdictOn(kChurn);
  // A cache that is full long enough is a plateau; once its filling is too long ago, just stable.
  const auto is_level = [&](const std::string& function) {
    const std::string verdict = stand_->VerdictOn(function);
    return verdict == "plateau" || verdict == "stable";
  };
  EXPECT_TRUE(WaitUntil([&] { return is_level(kCache); }, kDeadline)) << stand_->VerdictOn(kCache);
  EXPECT_TRUE(WaitUntil([&] { return is_level(kTraffic); }, kDeadline))
      << stand_->VerdictOn(kTraffic);
}

TEST_F(WholeWay, TellsAlertmanagerOfLeakChurnAndTargetThatIsDownAndOfNothingElse) {
  const std::set<std::string> expected = {"HeapLeak " + kLeak, "HeapLeak " + kOutside,
                                          "HeapGCChurn " + kChurn, "HeapWatchTargetDown "};
  EXPECT_TRUE(WaitUntil([&] { return AlertsAt(stand_->alertmanager()) == expected; }, kDeadline));
  // And it stays so: ten more evaluations, with the cache full and the traffic going on.
  std::set<std::string> evaluations;
  const auto seen_ten = [&] {
    const json::value data = stand_->Ask("/sites?limit=1");
    if (data.is_object()) evaluations.insert(std::string(data.at("evaluated").as_string()));
    return evaluations.size() > 10;
  };
  EXPECT_TRUE(WaitUntil(seen_ten, kDeadline));
  EXPECT_EQ(AlertsAt(stand_->alertmanager()), expected);
}

// The alert on the leak of a service as Alertmanager has it; null where it has none.
json::value LeakAt(const std::string& alertmanager, const std::string& service = "shop") {
  const json::value alerts = GetJson(
      alertmanager + "/api/v2/alerts?filter=alertname%3DHeapLeak&filter=service%3D" + service);
  return alerts.is_array() && !alerts.as_array().empty() ? alerts.at(0) : json::value(nullptr);
}

TEST_F(WholeWay, TellsOfMemoryOutsideTheHeapWithItsCourse) {
  const auto leak = [&] { return LeakAt(stand_->alertmanager(), "archive"); };
  ASSERT_TRUE(WaitUntil([&] { return !leak().is_null(); }, kDeadline));
  const json::value alert = leak();
  EXPECT_THAT(alert.at("annotations").at("description").as_string().c_str(),
              HasSubstr("the process' memory beyond what its heap explains grew"));
  const json::value series = stand_->Ask("/series?target=" + stand_->archive_instance() +
                                         "&site=%5Boutside%20the%20heap%5D");
  ASSERT_TRUE(series.is_object());
  EXPECT_EQ(series.at("site").at("function").as_string().c_str(), kOutside);
  const json::array& bytes = series.at("values").at("inuse_space").as_array();
  ASSERT_FALSE(bytes.empty());
  EXPECT_GT(bytes.back().as_int64(), bytes.front().as_int64() + (20 << 20));
  EXPECT_TRUE(series.as_object().contains("model"));
}

TEST_F(WholeWay, PutsLinksIntoTheAlertThatWork) {
  const auto leak = [&] { return LeakAt(stand_->alertmanager()); };
  ASSERT_TRUE(WaitUntil([&] { return !leak().is_null(); }, kDeadline));
  const json::value alert = leak();
  EXPECT_THAT(alert.at("annotations").at("summary").as_string().c_str(), HasSubstr(kLeak));
  for (const char* name : {"diff_url", "site_url", "ack_url", "profile_url", "svg_url"}) {
    const std::string url(alert.at("annotations").at(name).as_string());
    const auto answer = HttpGet(url);
    ASSERT_TRUE(answer) << url << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200) << url << ": " << answer->body;
  }
  EXPECT_EQ(alert.at("generatorURL"), alert.at("annotations").at("diff_url"));
  EXPECT_THAT(HttpGet(std::string(alert.at("annotations").at("svg_url").as_string()))->body,
              HasSubstr("Remember"));
}

bool IsOfTheLeak(const json::value& body) {
  const json::value& labels = body.at("labels");
  return labels.at("alertname") == "HeapLeak" && labels.at("service") == "shop";
}

// How often the webhook was told that the leak fires.
std::size_t TimesTold(const std::vector<json::value>& bodies) {
  return static_cast<std::size_t>(std::count_if(
      bodies.begin(), bodies.end(),
      [](const json::value& body) { return IsOfTheLeak(body) && body.at("status") == "firing"; }));
}

TEST_F(WholeWay, TellsAWebhookTheWholeFindingWithTheDiff) {
  ASSERT_TRUE(WaitUntil([&] { return TimesTold(stand_->WebhookBodies()) > 0; }, kDeadline));
  for (const json::value& body : stand_->WebhookBodies()) {
    if (!IsOfTheLeak(body)) continue;
    EXPECT_EQ(body.at("finding").at("site").at("function").as_string(), kLeak);
    EXPECT_EQ(body.at("finding").at("replicas").as_array().size(), 1U);
    EXPECT_GT(body.at("diff").at("total").at("change").as_int64(), 0);
    EXPECT_EQ(body.at("attachments").as_array().size(), 2U) << body.at("left_out");
  }
}

TEST_F(WholeWay, NeitherFiresAnewNorForgetsWhenHeapwatchIsKilled) {
  ASSERT_TRUE(WaitUntil([&] { return LeakAt(stand_->alertmanager()).is_object(); }, kDeadline));
  const json::value before = LeakAt(stand_->alertmanager());
  const std::size_t told = TimesTold(stand_->WebhookBodies());
  stand_->RestartHeapwatch();
  // Sent again by the new process, as it was.
  const auto is_sent_again = [&] {
    const json::value now = LeakAt(stand_->alertmanager());
    return now.is_object() && now.at("updatedAt") != before.at("updatedAt");
  };
  EXPECT_TRUE(WaitUntil(is_sent_again, kDeadline));
  const json::value after = LeakAt(stand_->alertmanager());
  EXPECT_EQ(after.at("startsAt"), before.at("startsAt"));
  EXPECT_EQ(after.at("labels"), before.at("labels"));
  EXPECT_EQ(TimesTold(stand_->WebhookBodies()), told);
}

HttpResponse Send(const std::string& method, const std::string& url, const std::string& body) {
  HttpCall call;
  call.method = method;
  call.url = url;
  call.headers["Content-Type"] = "application/json";
  call.body = body;
  auto response = RunCoroutine(HttpClient().Send(call));
  EXPECT_TRUE(response) << response.error().message;
  return response ? *response : HttpResponse{};
}

TEST_F(WholeWay, SparesPeopleALeakThatIsAcknowledged) {
  ASSERT_TRUE(WaitUntil([&] { return LeakAt(stand_->alertmanager()).is_object(); }, kDeadline));
  const std::string id(LeakAt(stand_->alertmanager()).at("labels").at("site").as_string());
  const std::string ack = stand_->heapwatch() + "/api/v1/sites/" + id + "/ack";
  const HttpResponse known =
      Send("POST", ack, R"({"by": "ann", "reason": "HEAP-42", "for": "1h"})");
  EXPECT_EQ(known.status, 200) << known.body;
  EXPECT_TRUE(WaitUntil([&] { return LeakAt(stand_->alertmanager()).is_null(); }, kDeadline));
  stand_->RestartHeapwatch();
  EXPECT_EQ(stand_->Ask("/acks").at("acks").as_array().size(), 1U);
  EXPECT_EQ(Send("DELETE", ack, R"({"by": "bob"})").status, 200);
  EXPECT_TRUE(WaitUntil([&] { return LeakAt(stand_->alertmanager()).is_object(); }, kDeadline));
}

TEST_F(WholeWay, LetsPrometheusScrapeTheSlopeOfTheLeak) {
  const std::string query =
      "/api/v1/query?query=" +
      PercentEncode("heapwatch_site_slope_bytes_per_second{function=\"" + kLeak + "\"} > 0");
  json::value result;
  const auto has_sample = [&] {
    const json::value answer = GetJson(stand_->prometheus() + query);
    if (!answer.is_object() || answer.at("status") != "success") return false;
    result = answer.at("data").at("result");
    return !result.as_array().empty();
  };
  ASSERT_TRUE(WaitUntil(has_sample, kDeadline));
  const double slope = std::stod(std::string(result.at(0).at("value").at(1).as_string()));
  EXPECT_GT(slope, 2.0 * (1 << 20));  // it is 4 MiB a second
  EXPECT_LT(slope, 8.0 * (1 << 20));
}

TEST_F(WholeWay, ExposesMetricsThatPromtoolFindsNoFaultWith) {
  const auto metrics = HttpGet(stand_->heapwatch() + "/metrics");
  ASSERT_TRUE(metrics) << metrics.error().message;
  const std::string file = stand_->directory().Write("metrics.txt", metrics->body);
  const ProgramResult check = RunProgram({"sh", "-c", "promtool check metrics < " + file});
  EXPECT_EQ(check.exit_code, 0) << check.standard_output << check.standard_error;
}

// Function -> {flat, cum} in bytes.
using Top = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

// What `go tool pprof -top` prints, every function of it, but those that did not change.
Top PprofTop(std::vector<std::string> profiles) {
  std::vector<std::string> argv = {"go",
                                   "tool",
                                   "pprof",
                                   "-top",
                                   "-unit=B",
                                   "-nodefraction=0",
                                   "-nodecount=1000000",
                                   "-sample_index=inuse_space"};
  argv.insert(argv.end(), profiles.begin(), profiles.end());
  const ProgramResult result = RunProgram(argv, seconds(60));
  EXPECT_EQ(result.exit_code, 0) << result.standard_error;
  Top top;
  // "  1048576B 42.11% 42.11%   2097152B 84.21%  main.f (inline)"
  const RE2 row(R"( *(-?\d+)B? +\S+ +\S+ +(-?\d+)B? +\S+  (.*?)(?: \((?:partial-)?inline\))?)");
  std::istringstream lines(result.standard_output);
  for (std::string line; std::getline(lines, line);) {
    std::pair<long long, long long> values;
    std::string function;
    if (!RE2::FullMatch(line, row, &values.first, &values.second, &function)) continue;
    if (values != std::pair(0LL, 0LL)) top[function] = values;
  }
  EXPECT_FALSE(top.empty()) << result.standard_output;
  return top;
}

Top OwnTop(const json::value& diff) {
  Top top;
  for (const json::value& function : diff.at("functions").as_array()) {
    const std::pair values(function.at("flat").at("change").as_int64(),
                           function.at("cum").at("change").as_int64());
    if (values != std::pair<std::int64_t, std::int64_t>(0, 0))
      top[std::string(function.at("name").as_string())] = values;
  }
  return top;
}

TEST_F(WholeWay, DiffsAsGoToolPprofDoesToTheByte) {
  const std::string target = "target=" + PercentEncode(stand_->shop_instance());
  json::value snapshots;
  const auto enough = [&] {
    const json::value data = stand_->Ask("/snapshots?" + target);
    if (!data.is_object()) return false;
    snapshots = data.at("snapshots");
    return snapshots.as_array().size() >= 20;
  };
  ASSERT_TRUE(WaitUntil(enough, kDeadline));
  const std::string t0(snapshots.as_array()[2].at("time").as_string());
  const std::string t1(snapshots.as_array().back().at("time").as_string());

  const auto save = [&](const std::string& name, const std::string& address) {
    const auto answer = HttpGet(stand_->heapwatch() + "/api/v1" + address);
    EXPECT_TRUE(answer && answer->status == 200) << address;
    return stand_->directory().Write(name, answer ? answer->body : "");
  };
  const std::string between = target + "&t0=" + t0 + "&t1=" + t1;
  const std::string diff = save("diff.pb.gz", "/diff?" + between + "&format=pprof");
  const std::string before = save("t0.pb.gz", "/snapshot?" + target + "&t=" + t0);
  const std::string after = save("t1.pb.gz", "/snapshot?" + target + "&t=" + t1);

  const Top own = OwnTop(stand_->Ask("/diff?" + between + "&format=json"));
  EXPECT_GT(own.at(kLeak).first, 0);
  EXPECT_EQ(own, PprofTop({diff}));
  EXPECT_EQ(own, PprofTop({"-diff_base=" + before, after}));
}

}  // namespace
}  // namespace heapwatch
