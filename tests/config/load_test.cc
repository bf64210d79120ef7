#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/targets.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kCorpus = InSource("testdata/config");

std::string ReadText(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::vector<fs::path> Corpus(std::string_view suffix) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kCorpus))
    if (entry.path().string().ends_with(suffix)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(LoadConfig, AcceptsEveryGoodFileOfTheCorpus) {
  const auto files = Corpus(".good.yml");
  ASSERT_GE(files.size(), 4U);
  for (const fs::path& file : files) {
    const auto config = LoadConfig(file);
    EXPECT_TRUE(config.has_value()) << config.error().message;
  }
}

// Beside each x.bad.yml stands x.bad.txt with every problem that must be told, without the file's
// name.
TEST(LoadConfig, TellsEveryProblemOfEachBadFileWithItsPlace) {
  const auto files = Corpus(".bad.yml");
  ASSERT_GE(files.size(), 20U);
  for (const fs::path& file : files) {
    const std::string name = file.filename();
    const auto config = ParseConfig(ReadText(file), name);
    ASSERT_FALSE(config.has_value()) << name << " was accepted";
    std::istringstream lines(ReadText(fs::path(file).replace_extension(".txt")));
    std::string expected;
    for (std::string line; std::getline(lines, line);)
      expected += (expected.empty() ? "" : "\n") + name + ":" + line;
    EXPECT_EQ(config.error().message, expected);
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(LoadConfig, StatesTheRealDefaultsInTheExample) {
  const auto config = LoadConfig(InSource("config/examples/heapwatch.yml"));
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(*config, Config{});
}

// The examples for fields without a default are comments; they must be right too. Uncomments each
// block after "# e.g.".
TEST(LoadConfig, AcceptsWhatTheExampleShowsInComments) {
  std::istringstream lines(ReadText(InSource("config/examples/heapwatch.yml")));
  std::string text;
  bool in_block = false;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    const bool is_comment = indent != std::string::npos && line[indent] == '#';
    // A line such as "x: []" gives way to the example that follows it.
    if (is_comment && line.substr(indent).starts_with("# e.g.")) {
      const std::size_t last = text.rfind('\n', text.size() - 2);
      std::size_t keep = last;
      while (text.substr(text.find_first_not_of(' ', keep + 1)).starts_with("#"))
        keep = text.rfind('\n', keep - 1);
      text.insert(text.find_first_not_of(' ', keep + 1), "# ");
      in_block = line.ends_with("e.g.");
      text += in_block ? "" : line.substr(0, indent) + line.substr(indent + 7) + "\n";
    } else if (in_block && is_comment) {
      text += line.substr(0, indent) + line.substr(indent + 2) + "\n";
    } else {
      in_block = false;
      text += line + "\n";
    }
  }
  const auto config = ParseConfig(text, "example");
  ASSERT_TRUE(config.has_value()) << config.error().message << "\n" << text;
  ASSERT_EQ(config->scrape_configs.size(), 1U);
  EXPECT_EQ(ExpandTargets(*config).size(), 3U);
  EXPECT_EQ(config->alerting.alertmanagers.size(), 1U);
  EXPECT_EQ(config->alerting.rules.size(), 1U);
  EXPECT_EQ(config->alerting.mutes.size(), 1U);
  EXPECT_EQ(config->alerting.links.size(), 2U);
  EXPECT_EQ(config->site_rules.skip_functions.size(), 2U);
  EXPECT_EQ(config->global.external_labels.size(), 1U);
}

// What a reader knows and no example tells, nobody finds.
TEST(LoadConfig, TellsOfEveryFieldInTheExamples) {
  const RE2 field(R"re([({]\s*(?:reader,\s*)?"([a-z][a-z0-9_]*)",)re");
  std::set<std::string> fields;
  for (const auto& entry : fs::directory_iterator(InSource("config"))) {
    if (!entry.path().filename().string().starts_with("load")) continue;
    const std::string code = ReadText(entry.path());
    re2::StringPiece rest(code);
    for (std::string name; RE2::FindAndConsume(&rest, field, &name);) fields.insert(name);
  }
  fields.erase("groups");  // the list itself that a file of targets is
  EXPECT_GE(fields.size(), 120U);
  const std::string examples = ReadText(InSource("config/examples/heapwatch.yml")) +
                               ReadText(InSource("config/examples/web.yml"));
  for (const std::string& name : fields)
    EXPECT_TRUE(RE2::PartialMatch(examples, "\\b" + name + "\\b")) << name;
}

TEST(LoadConfig, FillsEveryFieldOfScrapingDetectionAndStorage) {
  const auto config = LoadConfig(kCorpus / "full.good.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->global, (GlobalConfig{std::chrono::seconds(30),
                                          std::chrono::seconds(5),
                                          std::chrono::minutes(2),
                                          {0.5, 8 << 20, 256 << 20, 64 << 20},
                                          {{"cluster", "eu-1"}},
                                          "INC-7: all"}));
  ASSERT_EQ(config->scrape_configs.size(), 2U);
  const ScrapeConfig& checkout = config->scrape_configs[0];
  EXPECT_EQ(checkout.scrape_interval, std::chrono::seconds(15));
  EXPECT_EQ(checkout.scrape_timeout, std::chrono::seconds(5));
  EXPECT_EQ(checkout.stop_scraping, "INC-7: all");
  EXPECT_EQ(config->scrape_configs[1].stop_scraping, "INC-8: pprof hangs");
  EXPECT_EQ(checkout.body_size_limit_bytes, 16U << 20);
  EXPECT_EQ(checkout.memory_limit_bytes, std::int64_t{2} << 30);
  EXPECT_EQ(config->scrape_configs[1].scrape_interval, std::chrono::seconds(30));
  EXPECT_THAT(config->site_rules.skip_functions, ElementsAre("acme::Arena::.*"));
  EXPECT_FALSE(config->site_rules.use_defaults);
  const TrendOptions& d = config->detection;
  EXPECT_EQ(d.warm_up, std::chrono::minutes(1));
  EXPECT_EQ(d.warm_up_cycles, 5U);
  EXPECT_EQ(d.min_z, 4.5);
  EXPECT_EQ(d.min_growth_bytes, 1 << 20);
  EXPECT_EQ(d.min_growth_of_limit, 0.1);
  EXPECT_EQ(d.max_window, std::chrono::hours(24));
  EXPECT_EQ(d.churn_bytes_per_second, 1 << 30);
  EXPECT_EQ(d.churn_lifetime, std::chrono::minutes(3));
  EXPECT_EQ(d.churn_for, std::chrono::minutes(10));
  EXPECT_EQ(d.gogc, 50);
  EXPECT_EQ(d.patience, std::chrono::hours(5));
  EXPECT_EQ(d.urgent_share_of_headroom, 0.5);
  EXPECT_EQ(config->storage.retention, std::chrono::hours(24 * 90));
}

TEST(LoadConfig, FillsEveryFieldOfDiscovery) {
  const auto config = LoadConfig(kCorpus / "full.good.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const ScrapeConfig& job = config->scrape_configs.at(1);
  EXPECT_EQ(job.target_limit, 100U);
  const FileSdConfig files{{(kCorpus / "targets/*.json").string(), "/etc/heapwatch/targets.yml"},
                           std::chrono::seconds(30)};
  HttpSdConfig server{"https://inventory/targets?team=a", std::chrono::seconds(30), {}};
  server.http.authorization = {"Bearer", Secret(), (kCorpus / "token").string()};
  const DnsSdConfig records{
      {"_heap._tcp.shop", "_heap._tcp.cart"}, DnsSdConfig::Type::kSrv, 0, std::chrono::seconds(5)};
  const DnsSdConfig addresses{{"shop"}, DnsSdConfig::Type::kAaaa, 6060, std::chrono::seconds(30)};
  KubernetesSdConfig endpoints;
  endpoints.role = KubernetesSdConfig::Role::kEndpoints;
  endpoints.api_server = "https://10.0.0.1:6443";
  endpoints.http.authorization = server.http.authorization;
  endpoints.namespaces = {"shop"};
  endpoints.selectors = {{"service", "a=b", ""}, {"pod", "", "spec.nodeName=x"}};
  KubernetesSdConfig elsewhere;
  elsewhere.kubeconfig_file = (kCorpus / "kubeconfig").string();
  KubernetesSdConfig here;
  here.own_namespace = true;
  EXPECT_THAT(job.discovery_configs,
              ElementsAre(DiscoveryConfig(files), DiscoveryConfig(server), DiscoveryConfig(records),
                          DiscoveryConfig(addresses), DiscoveryConfig(endpoints),
                          DiscoveryConfig(elsewhere), DiscoveryConfig(here)));
}

TEST(LoadConfig, FillsEveryFieldOfAlerting) {
  const auto config = LoadConfig(kCorpus / "full.good.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const AlertingConfig& a = config->alerting;
  ASSERT_EQ(a.alertmanagers.size(), 1U);
  EXPECT_EQ(a.alertmanagers[0].path_prefix, "/am");
  EXPECT_EQ(a.alertmanagers[0].scheme, "https");
  EXPECT_EQ(a.alertmanagers[0].timeout, std::chrono::seconds(3));
  EXPECT_THAT(a.alertmanagers[0].static_configs.at(0).targets,
              ElementsAre("am-1:9093", "am-2:9093"));
  EXPECT_EQ(a.resend_delay, std::chrono::seconds(30));
  EXPECT_EQ(a.group_sites_from, 5U);
  EXPECT_EQ(a.keep_evidence_for, std::chrono::hours(24 * 7));
  EXPECT_THAT(a.webhooks, ElementsAre(WebhookConfig{"https://hooks.example.com/heap?team=a",
                                                    std::chrono::seconds(3), false, 4U << 20,
                                                    HttpClientConfig{}}));
  AlertRule defaults;
  defaults.alert_on = {AlertOn::kLeak};
  defaults.min_slope_bytes_per_hour = 1 << 20;
  defaults.min_size_bytes = 10 << 20;
  defaults.min_share_of_heap = 0.05;
  defaults.min_churn_bytes_per_second = 100 << 20;
  defaults.min_churn_share = 0.5;
  defaults.min_regression_bytes_per_second = 2 << 20;
  defaults.hold_for = std::chrono::minutes(5);
  defaults.warm_up_after_deploy = std::chrono::minutes(30);
  defaults.keep_firing_for = std::chrono::hours(1);
  defaults.page_within = std::chrono::hours(12);
  defaults.target_down_for = std::chrono::hours(1);
  EXPECT_EQ(a.defaults, defaults);
  // Though it stands before them in the file, a rule begins as a copy of the section's fields.
  AlertRule batch = defaults;
  batch.name = "batch";
  batch.match = {{"job", "nightly-.*"}};
  batch.alert_on = {AlertOn::kLeak, AlertOn::kGrowing};
  batch.limit_within = std::chrono::hours(48);
  batch.page_within = std::chrono::hours(1);
  EXPECT_THAT(a.rules, ElementsAre(batch));
  EXPECT_THAT(a.mutes,
              ElementsAre(MuteConfig{{{"service", "checkout"}, {"function", "main\\.warm.*"}},
                                     FromUnixMillis(1'801'353'600'000),
                                     "warms its cache on purpose"}));
  EXPECT_THAT(a.links,
              ElementsAre(LinkConfig{"dashboard",
                                     "https://grafana.example.com/d/heap?var-service={{service}}"
                                     "&from={{from_ms}}&to={{to_ms}}"}));
}

TEST(LoadConfig, ReadsHowPeersAreCalledAndShowsNoSecret) {
  const auto config = ParseConfig(
      "scrape_configs: [{job_name: a, basic_auth: {username: ann, password: hush}, proxy_url: "
      "'http://p:3128', follow_redirects: false, static_configs: [{targets: [a]}]}]\n"
      "alerting: {alertmanagers: [{tls_config: {ca_file: ca.pem, server_name: am}}], webhooks: "
      "[{url: 'https://h', authorization: {credentials_file: /run/token}, http_headers: {X-A: "
      "{values: [b], files: [c]}}}]}\n",
      "/etc/heapwatch/c.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const HttpClientConfig& job = config->scrape_configs.at(0).http;
  EXPECT_EQ(job.basic_auth, (BasicAuthConfig{"ann", Secret("hush"), ""}));
  EXPECT_EQ(job.proxy_url, Secret("http://p:3128"));
  EXPECT_FALSE(job.follow_redirects);
  EXPECT_EQ(ExpandTargets(*config).at(0).http, job);
  EXPECT_EQ(config->alerting.alertmanagers.at(0).http.tls.ca_file, "/etc/heapwatch/ca.pem");
  const HttpClientConfig& webhook = config->alerting.webhooks.at(0).http;
  EXPECT_EQ(webhook.authorization, (AuthorizationConfig{"Bearer", Secret(), "/run/token"}));
  EXPECT_THAT(webhook.http_headers,
              ElementsAre(HttpHeaderConfig{"X-A", {Secret("b")}, {"/etc/heapwatch/c"}}));
  EXPECT_EQ(::testing::PrintToString(Secret("hush")), "<secret>");
  EXPECT_THAT(::testing::PrintToString(job), ::testing::Not(HasSubstr("hush")));
}

TEST(LoadConfig, ShrinksATimeoutNobodySetToAShortInterval) {
  const auto config = ParseConfig(
      "scrape_configs: [{job_name: a, scrape_interval: 2s}]\nglobal: {scrape_interval: 5s}",
      "c.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->global.scrape_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config->scrape_configs[0].scrape_timeout, std::chrono::seconds(2));
}

TEST(LoadConfig, NamesAFileItCannotRead) {
  const auto config = LoadConfig("/nonexistent/heapwatch.yml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(config.error().message,
              HasSubstr("/nonexistent/heapwatch.yml: cannot be read: No such file"));
}

TEST(LoadConfig, StopsListingAfterTwentyProblems) {
  std::string text = "detection:\n";
  for (int i = 0; i < 30; ++i) text += "  wrong_" + std::to_string(i) + ": 1\n";
  const auto config = ParseConfig(text, "c.yml");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message, ::testing::EndsWith("\nand 10 problems more"));
}

TEST(LoadConfig, SurvivesHostileYaml) {
  EXPECT_FALSE(ParseConfig(std::string(100'000, '['), "deep").has_value());
  EXPECT_FALSE(ParseConfig("\xff\xfe x", "bytes").has_value());
  EXPECT_FALSE(ParseConfig("a: *nowhere", "alias").has_value());
  EXPECT_FALSE(ParseConfig("? [complex, key]\n: 1", "key").has_value());
}

TEST(LoadConfig, TakesTheActionOfARuleInAnyCase) {
  const auto config = ParseConfig(
      "scrape_configs: [{job_name: a, relabel_configs: [{action: Drop, regex: x}, {action: "
      "LABELMAP, replacement: b}]}]",
      "x.yml");
  ASSERT_TRUE(config) << config.error().message;
  const auto& rules = config->scrape_configs.at(0).relabel_configs;
  EXPECT_EQ(rules.at(0).action, RelabelAction::kDrop);
  EXPECT_EQ(rules.at(1).action, RelabelAction::kLabelMap);
}

}  // namespace
}  // namespace heapwatch
