// HTTP discovery against a real nginx.
#include "watcher/discovery/http_discoverer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/raw_server.h"
#include "tests/support/temporary_directory.h"
#include "tests/watcher/discovery/running_discoverer.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(60);

class HttpDiscovererTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("nginx").empty()) GTEST_SKIP() << "nginx is not installed: see ./dev";
    directory_.Write("users", "ann:{PLAIN}open-sesame\n");
    directory_.Write("list.json", R"([{"targets": ["a:1"], "labels": {"zone": "eu"}}])");
    directory_.Write("nginx.conf",
                     "daemon off; master_process off; user root; pid nginx.pid; error_log "
                     "error.log;\nevents {}\nhttp {\n  access_log off;\n  types { application/json "
                     "json; text/html html; }\n  server {\n    listen 127.0.0.1:" +
                         std::to_string(port_) + ";\n    root " + directory_.path() +
                         ";\n"
                         "    location /inside/ { auth_basic heaps; auth_basic_user_file users; "
                         "alias " +
                         directory_.path() +
                         "/; }\n"
                         "    location /utf8/ { charset utf-8; charset_types application/json; "
                         "alias " +
                         directory_.path() + "/; }\n  }\n}\n");
    nginx_ = std::make_unique<Subprocess>(
        std::vector<std::string>{"nginx", "-e", directory_.Path("error.log"), "-p",
                                 directory_.path(), "-c", directory_.Path("nginx.conf")});
    ASSERT_TRUE(WaitForPort(port_, kPatience)) << nginx_->all_output();
  }
  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  void Ask(const std::string& url, const HttpClientConfig& http = {}) {
    running_ = std::make_unique<RunningDiscoverer>([&](const auto& cpu) {
      return std::make_unique<HttpDiscoverer>(
          HttpSdConfig{url, std::chrono::milliseconds(100), http}, cpu);
    });
  }
  bool Finds(const std::string& target) const {
    return running_->Finds([&](const TargetGroups& groups) {
      return groups.size() == 1 && groups[0].targets == std::vector<std::string>{target};
    });
  }

  TemporaryDirectory directory_;
  const std::uint16_t port_ = FreePort();
  std::unique_ptr<Subprocess> nginx_;
  std::unique_ptr<RunningDiscoverer> running_;
};

TEST_F(HttpDiscovererTest, AsksAgainAndAgain) {
  Ask(Url("/list.json"));
  ASSERT_TRUE(Finds("a:1")) << running_->error();
  const auto groups = running_->groups();
  EXPECT_EQ(groups[0].labels, (Labels{{"zone", "eu"}, {"__meta_url", Url("/list.json")}}));
  directory_.Write("new.json", R"([{"targets": ["b:1"]}])");
  std::filesystem::rename(directory_.Path("new.json"), directory_.Path("list.json"));
  ASSERT_TRUE(Finds("b:1")) << running_->error();
}

TEST_F(HttpDiscovererTest, LogsInAsToldAndTakesACharset) {
  HttpClientConfig http;
  http.basic_auth = {"ann", Secret("open-sesame"), ""};
  Ask(Url("/inside/list.json"), http);
  EXPECT_TRUE(Finds("a:1")) << running_->error();
  Ask(Url("/inside/list.json"));
  EXPECT_TRUE(running_->Tells("HTTP status 401")) << running_->error();
  Ask(Url("/utf8/list.json"));
  EXPECT_TRUE(Finds("a:1")) << running_->error();
}

TEST_F(HttpDiscovererTest, KeepsWhatItFoundWhileTheServerIsAwayOrAnswersWithSomethingElse) {
  Ask(Url("/list.json"));
  ASSERT_TRUE(Finds("a:1")) << running_->error();
  const auto still_there = [&] { return running_->groups().size() == 1; };
  directory_.Write("broken", "[{\"targets\": [\"a:1\"");
  std::filesystem::rename(directory_.Path("broken"), directory_.Path("list.json"));
  ASSERT_TRUE(running_->Tells("list.json:1:20: not valid JSON")) << running_->error();
  std::filesystem::remove(directory_.Path("list.json"));
  ASSERT_TRUE(running_->Tells("HTTP status 404")) << running_->error();
  EXPECT_TRUE(still_there());
  nginx_->Kill();
  ASSERT_TRUE(running_->Tells("connection refused")) << running_->error();
  EXPECT_TRUE(still_there());
}

TEST_F(HttpDiscovererTest, TakesNothingButJsonAndNoMoreThanItCanBear) {
  directory_.Write("list.html", R"([{"targets": ["a:1"]}])");
  Ask(Url("/list.html"));
  EXPECT_TRUE(running_->Tells("content type \"text/html\"")) << running_->error();
  directory_.Write("large.json", "[" + std::string(17U << 20, ' ') + "]");
  Ask(Url("/large.json"));
  EXPECT_TRUE(running_->Tells("over the limit of 16.0 MiB")) << running_->error();
}

TEST(HttpDiscovererHeaders, TellTheServerWhatPrometheusWouldTellIt) {
  const RawServer server(HttpAnswer(200, "application/json", "[]"));
  const RunningDiscoverer running([&](const auto& cpu) {
    return std::make_unique<HttpDiscoverer>(
        HttpSdConfig{"http://" + server.address() + "/", std::chrono::milliseconds(90'500), {}},
        cpu);
  });
  ASSERT_TRUE(WaitUntil([&] { return !server.requests().empty(); }, kPatience));
  EXPECT_THAT(server.requests()[0], HasSubstr("X-Prometheus-Refresh-Interval-Seconds: 90.5\r\n"));
  EXPECT_THAT(server.requests()[0], HasSubstr("Accept: application/json\r\n"));
}

}  // namespace
}  // namespace heapwatch
