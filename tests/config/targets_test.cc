#include "config/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

ScrapeConfig Job() {
  ScrapeConfig job;
  job.job_name = "api";
  return job;
}

Result<Target> Make(const Labels& labels, const ScrapeConfig& job = Job()) {
  return MakeTarget(job, DiscoveredLabels(job, StaticConfig{{}, labels}, "10.0.0.1:6060"));
}

TEST(ExpandTargets, TurnsJobsIntoTargets) {
  const auto config = LoadConfig(InSource("testdata/config/full.good.yml"));
  ASSERT_TRUE(config.has_value());
  const auto targets = ExpandTargets(*config);
  ASSERT_EQ(targets.size(), 5U);
  EXPECT_EQ(targets[0].url, "https://10.0.0.1:6060/internal/heap?gc=1&token=a%26b");
  EXPECT_EQ(targets[0].metrics_url, "https://10.0.0.1:6060/internal/metrics");
  EXPECT_EQ(targets[0].labels, (Labels{{"instance", "10.0.0.1:6060"},
                                       {"job", "checkout"},
                                       {"region", "eu-west"},
                                       {"service", "shop"},
                                       {"version", "v2.4"}}));
  EXPECT_EQ(targets[0].interval, std::chrono::seconds(15));
  EXPECT_EQ(targets[0].timeout, std::chrono::seconds(5));
  EXPECT_EQ(targets[0].body_size_limit_bytes, 16U << 20);
  EXPECT_EQ(targets[0].memory_limit_bytes, std::int64_t{2} << 30);
  EXPECT_EQ(targets[1].url, "https://10.0.0.2:443/internal/heap?gc=1&token=a%26b");
  EXPECT_EQ(Get(targets[1].labels, "instance"), "10.0.0.2:443");
  EXPECT_EQ(targets[2].url, "https://[fd00::3]:6060/internal/heap?gc=1&token=a%26b");
  EXPECT_EQ(targets[4].url, "http://worker:6060/debug/pprof/heap");
  EXPECT_EQ(targets[4].metrics_url, "");
  EXPECT_EQ(targets[4].memory_limit_bytes, std::nullopt);
}

TEST(ExpandTargets, LetsLabelsSteerOneTargetAndDropsThem) {
  const auto config = LoadConfig(InSource("testdata/config/full.good.yml"));
  const Target target = ExpandTargets(*config).at(3);
  EXPECT_EQ(target.url, "http://10.0.0.4:6060/debug/pprof/heap?gc=0&token=a%26b");
  EXPECT_EQ(target.memory_limit_bytes, std::int64_t{512} << 20);
  EXPECT_EQ(target.labels,
            (Labels{{"instance", "four"}, {"job", "checkout"}, {"service", "checkout"}}));
}

TEST(MakeTarget, IsStoppedByItsJobOrALabel) {
  EXPECT_EQ(Make({})->stop_reason, "");
  EXPECT_EQ(Make({{"__stop_scraping__", "INC-9"}})->stop_reason, "INC-9");
  ScrapeConfig job = Job();
  job.stop_scraping = "INC-7";
  EXPECT_EQ(Make({}, job)->stop_reason, "INC-7");
  EXPECT_EQ(Make({{"__stop_scraping__", ""}}, job)->stop_reason, "");
}

TEST(MakeTarget, NamesTheServiceAfterTheJobUnlessALabelDoes) {
  EXPECT_EQ(Get(Make({})->labels, "service"), "api");
  EXPECT_EQ(Get(Make({{"service", "shop"}})->labels, "service"), "shop");
  EXPECT_EQ(Get(Make({{"job", "other"}})->labels, "service"), "other");
  EXPECT_EQ(Get(Make({{"service", ""}})->labels, "service"), "api");
}

TEST(MakeTarget, HasTheNameOfItsJobWhereRulesTookItAway) {
  ScrapeConfig job = Job();
  job.relabel_configs = {{.action = RelabelAction::kLabelDrop, .regex = "job"}};
  const auto found = TargetsOf(job, Relabeler(job.relabel_configs), {{"10.0.0.1:6060"}, {}});
  ASSERT_TRUE(found.at(0).target) << found.at(0).target.error().message;
  EXPECT_EQ((*found[0].target)->labels,
            (Labels{{"instance", "10.0.0.1:6060"}, {"job", "api"}, {"service", "api"}}));
}

TEST(MakeTarget, RefusesLabelsItCannotScrapeBy) {
  for (const auto& [label, value] : Labels{{"__scheme__", "gopher"},
                                           {"__profile_path__", "heap"},
                                           {"__metrics_path__", "metrics"},
                                           {"__scrape_interval__", "often"},
                                           {"__scrape_timeout__", "2m"},
                                           {"__memory_limit__", "-1"}}) {
    const auto target = Make({{label, value}});
    ASSERT_FALSE(target.has_value()) << label;
    EXPECT_THAT(target.error().message, ::testing::StartsWith(label));
  }
}

TEST(CheckAddress, AcceptsNamesAndAddressesWithAndWithoutPort) {
  for (const char* good : {"localhost", "localhost:6060", "10.0.0.1:1", "a_b-c.example.com:65535",
                           "[::1]:80", "[::1]"})
    EXPECT_TRUE(CheckAddress(good).has_value()) << good;
  for (const char* bad : {"", ":80", "a:", "a:0", "a:65536", "a:b", "a b:1", "[::1", "[::1]x",
                          "[nope]:1", "u@h:1", "a?b:1", "a#b", "http://a", "a/b", "::1"})
    EXPECT_FALSE(CheckAddress(bad).has_value()) << bad;
}

}  // namespace
}  // namespace heapwatch
