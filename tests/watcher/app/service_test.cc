// The whole service in this process, on loopback: what it answers, and how it bears bad peers.
#include "watcher/app/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/support/http_probe.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_profile.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Then = RawServer::Then;

constexpr seconds kPatience(60);

std::string ConfigFor(const std::vector<std::string>& addresses) {
  std::string text =
      "global: {scrape_interval: 50ms, scrape_timeout: 50ms, evaluation_interval: 50ms}\n"
      "scrape_configs:\n"
      "  - job_name: test\n"
      "    body_size_limit: 1MB\n"
      "    static_configs:\n"
      "      - targets: [";
  for (const std::string& address : addresses) text += '"' + address + "\", ";
  return text + "]\n";
}

std::string GoodAnswer() {
  return HttpAnswer(200, "application/octet-stream", TestProfileBytes(8 << 20));
}

class ServiceTest : public ::testing::Test {
 protected:
  Result<void> TryStart(const std::string& config) {
    options_.config_file = directory_.Write("heapwatch.yml", config);
    options_.storage_path = directory_.Path("data");
    options_.listen_address = "127.0.0.1:0";
    options_.enable_lifecycle = true;
    auto service = Service::Start(options_, [this] { broken_ = true; });
    if (!service) return Fail(service.error());
    service_ = std::move(*service);
    return {};
  }
  void Start(const std::vector<std::string>& addresses) {
    const auto started = TryStart(ConfigFor(addresses));
    ASSERT_TRUE(started) << started.error().message;
  }
  ~ServiceTest() override {
    service_.reset();
    EXPECT_FALSE(broken_);
  }

  std::string Url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(service_->port()) + target;
  }
  std::string Get(const std::string& target) const {
    const auto response = HttpGet(Url(target));
    return response ? response->body : response.error().message;
  }
  HttpResponse Post(const std::string& target, const std::string& json = "") const {
    HttpCall call;
    call.method = "POST";
    call.url = Url(target);
    if (!json.empty()) call.headers["content-type"] = "application/json";
    call.body = json;
    return RunCoroutine(HttpClient().Send(call)).value();
  }
  // By instance.
  std::map<std::string, json::value> Targets() const {
    std::map<std::string, json::value> targets;
    const auto all = json::parse(Get("/api/v1/targets"));
    for (const auto& target : all.at("data").at("active").as_array())
      targets[std::string(target.at("labels").at("instance").as_string())] = target;
    return targets;
  }
  bool WaitForScrapes(int count) const {
    return WaitUntil(
        [&] {
          const auto targets = Targets();
          return std::all_of(targets.begin(), targets.end(), [&](const auto& target) {
            return target.second.at("scrapes").template to_number<int>() >= count;
          });
        },
        kPatience);
  }
  static std::string TextOf(const json::value& target, const char* field) {
    return std::string(target.at(field).as_string());
  }

  TemporaryDirectory directory_;
  ServiceOptions options_;
  std::atomic<bool> broken_ = false;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, ScrapesStoresAndAnswers) {
  const RawServer target(GoodAnswer());
  Start({target.address()});
  ASSERT_TRUE(WaitForScrapes(3));
  EXPECT_TRUE(WaitUntil([&] { return HttpGet(Url("/-/ready"))->status == 200; }, kPatience));
  EXPECT_EQ(TextOf(Targets().at(target.address()), "health"), "up");
  const std::string metrics = Get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("heapwatch_build_info{"));
  EXPECT_THAT(metrics, HasSubstr("heapwatch_target_up{instance=\"" + target.address()));
  EXPECT_THAT(metrics, HasSubstr("process_resident_memory_bytes "));
  EXPECT_TRUE(WaitUntil(
      [&] { return Get("/metrics").find("heapwatch_site_inuse_bytes{") != std::string::npos; },
      kPatience));
}

TEST_F(ServiceTest, LearnsFromATargetsOwnMetricsWhatItsProcessIs) {
  std::atomic<bool> is_whole = true;
  const RawServer target([&](const std::string& request) {
    if (!request.starts_with("GET /metrics "))
      return RawServer::Answer{GoodAnswer(), RawServer::Then::kGoOn};
    return RawServer::Answer{HttpAnswer(200, "text/plain",
                                        is_whole ? "process_resident_memory_bytes 5.8720256e+07\n"
                                                   "go_gc_gomemlimit_bytes 2.147483648e+09\n"
                                                   "process_start_time_seconds 1.7953488e+09\n"
                                                   "go_memstats_gc_cpu_fraction 0.25\n"
                                                 : "<html>"),
                             RawServer::Then::kGoOn};
  });
  std::string config = ConfigFor({target.address()});
  config.insert(config.find("    static_configs"), "    metrics_path: /metrics\n");
  const auto started = TryStart(config);
  ASSERT_TRUE(started) << started.error().message;
  json::value told;
  const auto tells = [&](const char* field) {
    told = Targets().at(target.address());
    return told.as_object().contains(field) && TextOf(told, "health") == "up";
  };
  ASSERT_TRUE(WaitUntil([&] { return tells("resident_memory_bytes"); }, kPatience));
  EXPECT_EQ(told.at("resident_memory_bytes"), json::value(56 << 20));
  EXPECT_EQ(told.at("memory_limit_bytes"), json::value(std::int64_t{2} << 30));
  EXPECT_EQ(TextOf(told, "started"), "2026-11-22T12:00:00Z");
  EXPECT_EQ(told.at("gc_cpu_share"), json::value(0.25));
  const std::string labels =
      "{instance=\"" + target.address() + "\",job=\"test\",service=\"test\"} ";
  const std::string metrics = Get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("heapwatch_target_resident_memory_bytes" + labels + "58720256\n"));
  EXPECT_THAT(metrics, HasSubstr("heapwatch_target_memory_limit_bytes" + labels + "2147483648\n"));
  EXPECT_THAT(metrics, HasSubstr("heapwatch_target_gc_cpu_ratio" + labels + "0.25\n"));
  EXPECT_THAT(metrics, HasSubstr("heapwatch_target_start_time_seconds" + labels + "1795348800"));

  // It is no reason to do without the heap.
  is_whole = false;
  ASSERT_TRUE(WaitUntil([&] { return tells("metrics_error"); }, kPatience));
  EXPECT_EQ(TextOf(told, "metrics_error"),
            "http://" + target.address() + "/metrics: line 1: expected the name of a metric");
  EXPECT_FALSE(told.as_object().contains("resident_memory_bytes"));
}

TEST_F(ServiceTest, BadPeersAreToldWithTheReasonAndLeaveTheOthersAlone) {
  std::string truncated = TestProfileBytes(8 << 20);
  truncated.resize(truncated.size() / 2);
  const RawServer good(GoodAnswer());
  const RawServer missing(HttpAnswer(404, "text/plain", "404 page not found"));
  const RawServer login(
      HttpAnswer(200, "text/html", "<!DOCTYPE html><html><body>Log in</body></html>"));
  const RawServer cut(HttpAnswer(200, "application/octet-stream", truncated));
  const RawServer large(HttpAnswer(200, "application/octet-stream", std::string(2 << 20, 'x')));
  const RawServer garbage(HttpAnswer(200, "application/octet-stream", "\x02\x01garbage\xff"));
  const RawServer silent("", Then::kHold);
  const std::string nobody = "127.0.0.1:" + std::to_string(FreePort());
  const std::map<std::string, std::string> reasons = {
      {missing.address(), "404"},    {login.address(), "HTML"},
      {cut.address(), "gzip"},       {large.address(), "body_size_limit"},
      {garbage.address(), ""},       {silent.address(), "timed out"},
      {nobody, "connection refused"}};
  std::vector<std::string> addresses = {good.address()};
  for (const auto& [address, reason] : reasons) addresses.push_back(address);
  Start(addresses);
  ASSERT_TRUE(WaitForScrapes(3));

  const auto targets = Targets();
  EXPECT_EQ(TextOf(targets.at(good.address()), "health"), "up");
  for (const auto& [address, reason] : reasons) {
    const auto& target = targets.at(address);
    EXPECT_EQ(TextOf(target, "health"), "down") << reason;
    EXPECT_THAT(TextOf(target, "last_error"), HasSubstr(reason));
    EXPECT_FALSE(target.as_object().contains("history")) << reason << ": something was stored";
  }
}

TEST_F(ServiceTest, KeepsItsHistoryOverARestart) {
  const RawServer target(GoodAnswer());
  Start({target.address()});
  ASSERT_TRUE(WaitForScrapes(3));
  const auto snapshots_before =
      Targets().at(target.address()).at("history").at("snapshots").to_number<int>();
  service_.reset();
  Start({target.address()});
  EXPECT_GE(Targets().at(target.address()).at("history").at("snapshots").to_number<int>(),
            snapshots_before);
}

TEST_F(ServiceTest, DoesNotStartOnABadConfigurationAndSaysWhere) {
  const auto started = TryStart("scrape_configs:\n  - job_nam: x\n");
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("heapwatch.yml:2:"));
}

TEST_F(ServiceTest, DoesNotStartOnAStoreThatIsInUse) {
  Start({});
  const auto second = Service::Start(options_, [] {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(options_.storage_path));
}

TEST_F(ServiceTest, AReloadTakesNewTargetsAndKeepsTheOld) {
  const RawServer first(GoodAnswer());
  const RawServer second(GoodAnswer());
  Start({first.address()});
  ASSERT_TRUE(WaitForScrapes(2));
  directory_.Write("heapwatch.yml", ConfigFor({first.address(), second.address()}));
  ASSERT_TRUE(service_->Reload());
  ASSERT_EQ(Targets().size(), 2U);
  EXPECT_GE(Targets().at(first.address()).at("scrapes").to_number<int>(), 2);
  EXPECT_TRUE(WaitForScrapes(3));
}

TEST_F(ServiceTest, AReloadOfABadFileLeavesTheOldConfigurationInForce) {
  const RawServer target(GoodAnswer());
  Start({target.address()});
  ASSERT_TRUE(WaitForScrapes(1));
  directory_.Write("heapwatch.yml", "scrape_configs: nonsense\n");
  const HttpResponse response = Post("/-/reload");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("heapwatch.yml:1:"));
  EXPECT_EQ(Targets().size(), 1U);
  EXPECT_THAT(Get("/metrics"), HasSubstr("heapwatch_config_last_reload_successful 0"));
  const int scrapes = Targets().at(target.address()).at("scrapes").to_number<int>();
  EXPECT_TRUE(WaitForScrapes(scrapes + 2));
}

TEST_F(ServiceTest, WhatIsStoppedStaysStoppedOverARestartUntilItIsResumed) {
  const RawServer stopped(GoodAnswer());
  const std::string nobody = "127.0.0.1:" + std::to_string(FreePort());
  const std::string address = "/api/v1/admin/scraping";
  const auto body = [&](const std::string& action) {
    return R"({"action": ")" + action + R"(", "target": ")" + stopped.address() +
           R"(", "by": "ann", "reason": "INC-7"})";
  };
  Start({stopped.address(), nobody});
  EXPECT_EQ(Post(address, body("stop")).status, 403);
  service_.reset();
  options_.enable_admin_api = true;
  Start({stopped.address(), nobody});
  const HttpResponse response = Post(address, body("stop"));
  ASSERT_EQ(response.status, 200) << response.body;
  service_.reset();
  Start({stopped.address(), nobody});
  ASSERT_TRUE(WaitUntil([&] { return Targets().at(nobody).at("scrapes").to_number<int>() >= 5; },
                        kPatience));
  const auto target = Targets().at(stopped.address());
  EXPECT_EQ(target.at("scrapes").to_number<int>(), 0);
  EXPECT_EQ(TextOf(target, "health"), "stopped");
  EXPECT_EQ(TextOf(target.at("stopped"), "reason"), "INC-7");
  EXPECT_THAT(Get("/metrics"), HasSubstr("heapwatch_targets_stopped 1\n"));
  EXPECT_EQ(Post(address, body("resume")).status, 200);
  EXPECT_TRUE(WaitForScrapes(1));
  EXPECT_THAT(Get("/metrics"), HasSubstr("heapwatch_targets_stopped 0\n"));
}

TEST_F(ServiceTest, AStoppedTargetIsNoAlert) {
  const std::string nobody = "127.0.0.1:" + std::to_string(FreePort());
  options_.enable_admin_api = true;
  const auto started =
      TryStart(ConfigFor({nobody}) + "alerting: {target_down_for: 0s, keep_firing_for: 0s}\n");
  ASSERT_TRUE(started) << started.error().message;
  const auto fires = [&] {
    return Get("/api/v1/alerts").find(R"("state":"firing")") != std::string::npos;
  };
  ASSERT_TRUE(WaitUntil(fires, kPatience)) << Get("/api/v1/alerts");
  ASSERT_EQ(Post("/api/v1/admin/scraping",
                 R"({"action": "stop", "job": "test", "by": "ann", "reason": "INC-7"})")
                .status,
            200);
  EXPECT_TRUE(WaitUntil([&] { return !fires(); }, kPatience)) << Get("/api/v1/alerts");
}

TEST_F(ServiceTest, ReloadingOverHttpTakesPostAndTheFlag) {
  Start({});
  EXPECT_EQ(HttpGet(Url("/-/reload"))->status, 405);
  EXPECT_EQ(Post("/-/reload").status, 200);
  service_.reset();
  options_.enable_lifecycle = false;
  auto service = Service::Start(options_, [] {});
  ASSERT_TRUE(service);
  service_ = std::move(*service);
  EXPECT_EQ(HttpGet(Url("/-/reload"))->status, 405);
  EXPECT_EQ(Post("/-/reload").status, 403);
  EXPECT_THAT(Post("/-/reload").body, HasSubstr("--web.enable-lifecycle"));
}

TEST_F(ServiceTest, TargetsComeAndGoWithTheFileTheyStandIn) {
  const RawServer first(GoodAnswer());
  const RawServer second(GoodAnswer());
  const auto write = [&](const std::string& targets) {
    directory_.Write("targets.yml", "- targets: [" + targets + "]\n  labels: {zone: eu}\n");
  };
  const auto health = [&](const RawServer& server) {
    const auto targets = Targets();
    const auto target = targets.find(server.address());
    return target == targets.end() ? "" : TextOf(target->second, "health");
  };
  const auto quoted = [](const RawServer& server) { return "'" + server.address() + "'"; };
  write(quoted(first));
  const auto started = TryStart(
      "global: {scrape_interval: 50ms, scrape_timeout: 50ms, evaluation_interval: 50ms}\n"
      "scrape_configs: [{job_name: test, target_limit: 2, file_sd_configs: [{files: "
      "[targets.yml]}]}]\n");
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(WaitUntil([&] { return health(first) == "up"; }, kPatience));

  write(quoted(first) + ", " + quoted(second) + ", " + quoted(first));
  ASSERT_TRUE(WaitUntil([&] { return health(second) == "up"; }, kPatience));
  const auto answer = json::parse(Get("/api/v1/targets")).at("data");
  EXPECT_EQ(Targets().at(second.address()).at("discovered_labels").at("__meta_filepath"),
            json::value(directory_.Path("targets.yml")));
  EXPECT_EQ(answer.at("dropped").at(0).at("reason"), json::value("duplicate"));
  EXPECT_EQ(answer.at("jobs").at(0).at("dropped").at("duplicate"), json::value(1));
  EXPECT_THAT(Get("/metrics"),
              HasSubstr("heapwatch_sd_targets{job=\"test\",mechanism=\"file\"} 3"));

  directory_.Write("targets.yml", "- targets: broken\n");
  const auto error = [&] {
    const auto all = json::parse(Get("/api/v1/targets"));
    return TextOf(all.at("data").at("discovery").at(0), "last_error");
  };
  ASSERT_TRUE(
      WaitUntil([&] { return error().find("targets.yml:1:12") != std::string::npos; }, kPatience));
  EXPECT_EQ(health(first), "up");
  EXPECT_THAT(Get("/metrics"),
              HasSubstr("heapwatch_sd_last_look_successful{job=\"test\",mechanism=\"file\"} 0"));

  write(quoted(second));
  ASSERT_TRUE(WaitUntil([&] { return health(first) == "lost"; }, kPatience));
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(Targets().at(first.address()).as_object().contains("history"));
  EXPECT_THAT(Get("/metrics"), Not(HasSubstr("heapwatch_target_up{instance=\"" + first.address())));

  write(quoted(second) + ", 'a:1', 'b:1'");
  ASSERT_TRUE(WaitUntil([&] { return health(second) == "down"; }, kPatience));
  EXPECT_THAT(TextOf(Targets().at(second.address()), "last_error"), HasSubstr("target_limit of 2"));
  EXPECT_THAT(Get("/metrics"), HasSubstr("heapwatch_target_limit_exceeded{job=\"test\"} 1"));
}

}  // namespace
}  // namespace heapwatch
