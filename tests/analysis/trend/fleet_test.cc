#include "analysis/trend/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/trend/replay.h"
#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using testing::kHour;
using testing::kMiB;
using testing::SyntheticOptions;
using testing::SyntheticSite;
using testing::SyntheticTarget;

// A service's replicas, each a process of its own with its own luck in sampling.
class Fleet {
 public:
  void Add(const std::vector<SyntheticSite>& sites, double hours,
           const std::string& version = "v1") {
    SyntheticOptions options;
    options.seconds = hours * kHour;
    Replica replica;
    replica.window = SyntheticTarget(100 + replicas_.size()).Make(sites, options);
    replica.verdicts = Analyze(replica.window, replica.window.observations.size(), TrendOptions{});
    replica.labels = {{"job", "shop"},
                      {"version", version},
                      {"instance", "10.0.0." + std::to_string(replicas_.size())}};
    replicas_.push_back(std::move(replica));
  }

  // `gone`: versions no longer watched; a version's series begins after that of those before it.
  std::vector<FleetFinding> Findings(const std::string& gone = "") const {
    std::vector<TargetResult> results;
    for (const Replica& replica : replicas_) {
      const std::string version(Get(replica.labels, "version"));
      results.push_back({.target = replica.labels,
                         .sites = replica.window.sites,
                         .verdicts = replica.verdicts,
                         .since = FromUnixMillis(version == "v1" ? 0 : 1000),
                         .is_gone = version == gone});
    }
    return PoolFleet(results, TrendOptions{});
  }
  void SayCarriedOver(std::size_t replica, const std::string& function) {
    for (Verdict& verdict : replicas_[replica].verdicts) {
      if (replicas_[replica].window.sites[verdict.site.index()].function == function)
        verdict.carried_over_restart = true;
    }
  }
  VerdictKind Alone(std::size_t replica) const { return replicas_[replica].verdicts[0].kind; }

 private:
  struct Replica {
    SiteWindow window;
    std::vector<Verdict> verdicts;
    Labels labels;
  };
  std::vector<Replica> replicas_;
};

SyntheticSite Leak(double mib_per_hour) {
  return {.function = "leak",
          .object_bytes = 1024,
          .live_bytes = [=](double t) { return kMiB + mib_per_hour * kMiB / kHour * t; },
          .turnover_bytes_per_second = 2000};
}
SyntheticSite Steady(const std::string& name, double mib, double turnover) {
  return {.function = name,
          .object_bytes = 512,
          .live_bytes = [=](double) { return mib * kMiB; },
          .turnover_bytes_per_second = turnover};
}

// 0.5 MiB/h: one process has 25 samples more, z = 5, after 25 hours.
TEST(PoolFleet, FindsALeakOfSixteenReplicasInAQuarterOfTheTimeOfOne) {
  Fleet fleet;
  for (int i = 0; i < 16; ++i) fleet.Add({Leak(0.5), Steady("table", 20, 100)}, 25.0 / 4);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_NE(fleet.Alone(i), VerdictKind::kLeak);
  const auto findings = fleet.Findings();
  ASSERT_EQ(findings.size(), 1U);
  const FleetFinding& leak = findings.front();
  EXPECT_EQ(leak.kind, VerdictKind::kLeak) << leak.reason;
  EXPECT_EQ(leak.site.function, "leak");
  EXPECT_TRUE(leak.pooled);
  EXPECT_GE(leak.showing, 12U);
  EXPECT_EQ(leak.judged, 16U);
  EXPECT_NEAR(leak.slope_bytes_per_second * kHour / kMiB, 0.5, 0.1);
  EXPECT_LT(leak.slope_interval.low * kHour / kMiB, 0.5);
  EXPECT_GT(leak.slope_interval.high * kHour / kMiB, 0.5);
  EXPECT_THAT(leak.reason, HasSubstr("one alone could not tell"));
}

// Eight hours of nothing, then as much a replica as in the test before: a leap in the whole life.
TEST(PoolFleet, FindsALeakOfSixteenReplicasThatBeganMidLife) {
  const SyntheticSite late{
      .function = "leak",
      .object_bytes = 1024,
      .live_bytes = [](double t) { return kMiB + std::max(0.0, t / kHour - 8) * 0.5 * kMiB; },
      .turnover_bytes_per_second = 2000};
  Fleet fleet;
  for (int i = 0; i < 16; ++i) fleet.Add({late, Steady("table", 20, 100)}, 16);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_NE(fleet.Alone(i), VerdictKind::kLeak);
  const auto findings = fleet.Findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, VerdictKind::kLeak) << findings[0].reason;
  EXPECT_TRUE(findings[0].pooled);
  EXPECT_NEAR(findings[0].slope_bytes_per_second * kHour / kMiB, 0.5, 0.1);
}

TEST(PoolFleet, StillTellsALeakOfOneReplica) {
  Fleet fleet;
  fleet.Add({Leak(20)}, 12);
  for (int i = 0; i < 3; ++i) fleet.Add({Steady("leak", 1, 2000)}, 12);
  const auto findings = fleet.Findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, VerdictKind::kLeak);
  EXPECT_EQ(findings[0].showing, 1U);
  EXPECT_EQ(findings[0].judged, 4U);
  EXPECT_FALSE(findings[0].pooled);
  EXPECT_EQ(findings[0].replicas.at(0).result, 0U);
}

TEST(PoolFleet, PutsTheWorstReplicaFirst) {
  Fleet fleet;
  fleet.Add({Leak(15)}, 12);
  fleet.Add({Leak(40)}, 12);
  const auto findings = fleet.Findings();
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_EQ(findings[0].replicas.size(), 2U);
  EXPECT_EQ(findings[0].replicas[0].result, 1U);
}

TEST(PoolFleet, SaysNothingOfASteadyFleet) {
  Fleet fleet;
  for (int i = 0; i < 8; ++i) {
    fleet.Add({Steady("table", 200, 100), Steady("requests", 20, 20000)}, 6);
  }
  for (const FleetFinding& finding : fleet.Findings()) ADD_FAILURE() << finding.reason;
}

TEST(PoolFleet, DoesNotCallAWarmUpOfAllReplicasALeak) {
  Fleet fleet;
  const SyntheticSite warm{.function = "warm", .live_bytes = [](double t) {
                             return 20 * kMiB * -std::expm1(-t / kHour);
                           }};
  for (int i = 0; i < 16; ++i) fleet.Add({warm}, 4);
  for (const FleetFinding& finding : fleet.Findings()) {
    EXPECT_NE(finding.kind, VerdictKind::kLeak) << finding.reason;
  }
}

std::vector<SyntheticSite> Shop(double load, double decode_factor) {
  std::vector<SyntheticSite> sites;
  for (int i = 0; i < 6; ++i) {
    sites.push_back(Steady("site" + std::to_string(i), 4, load * 20000 * (1 + i)));
  }
  sites.push_back(Steady("decode", 2, load * decode_factor * 30000));
  return sites;
}

TEST(PoolFleet, TellsWhatANewVersionAllocatesMorePerUnitOfLoad) {
  Fleet fleet;
  fleet.Add(Shop(1, 1), 6, "v1");
  fleet.Add(Shop(0.5, 2), 6, "v2");
  const auto findings = fleet.Findings("v1");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].site.function, "decode");
  EXPECT_EQ(findings[0].version, "v2");
  ASSERT_TRUE(findings[0].change);
  EXPECT_EQ(findings[0].change->version_before, "v1");
  EXPECT_TRUE(findings[0].change->allocates_more);
  EXPECT_NEAR(findings[0].change->alloc_ratio.value_or(0), 2, 0.3);
}

TEST(PoolFleet, SaysThatAGrowthIsNewInThisVersion) {
  Fleet fleet;
  fleet.Add({Leak(0)}, 12, "v1");
  fleet.Add({Leak(20)}, 12, "v2");
  const auto findings = fleet.Findings("v1");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, VerdictKind::kLeak);
  EXPECT_EQ(findings[0].replica_count, 1U);
  ASSERT_TRUE(findings[0].change);
  EXPECT_TRUE(findings[0].change->growth_is_new);
}

TEST(PoolFleet, SaysThatAGrowthOfASiteThatWasNotThereBeforeIsNewInThisVersion) {
  Fleet fleet;
  fleet.Add({Steady("rest", 20, 2000)}, 12, "v1");
  fleet.Add({Steady("rest", 20, 2000), Leak(20)}, 12, "v2");
  const auto findings = fleet.Findings("v1");
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_TRUE(findings[0].change);
  EXPECT_EQ(findings[0].change->version_before, "v1");
  EXPECT_TRUE(findings[0].change->growth_is_new);
  EXPECT_FALSE(findings[0].change->allocates_more);
}

TEST(PoolFleet, DoesNotCallAGrowthNewThatWasThereBeforeUnderAnotherName) {
  Fleet fleet;
  fleet.Add({Steady("rest", 20, 2000)}, 12, "v1");
  fleet.Add({Steady("rest", 20, 2000), Leak(20)}, 12, "v2");
  fleet.SayCarriedOver(1, "leak");
  const auto findings = fleet.Findings("v1");
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_TRUE(findings[0].change);
  EXPECT_FALSE(findings[0].change->growth_is_new);
}

TEST(PoolFleet, SaysNothingOfAVersionThatCannotTellYet) {
  Fleet fleet;
  fleet.Add({Steady("rest", 20, 2000)}, 0.1, "v1");
  fleet.Add({Steady("rest", 20, 2000), Leak(20)}, 12, "v2");
  const auto findings = fleet.Findings("v1");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(findings[0].change);
}

// Sites of all lifetimes and sizes that do not grow, looked at after every scrape of a day. A unit
// normal z says how often a threshold is passed by chance.
TEST(Stretch, IsCalibratedOverTenThousandSiteDaysWithoutATrend) {
  constexpr std::size_t kSites = 1000;
  std::size_t count = 0;
  double squares = 0;
  std::size_t leaks = 0;
  for (std::uint64_t day = 0; day < 10; ++day) {
    std::vector<SyntheticSite> sites;
    for (std::size_t i = 0; i < kSites; ++i) {
      const double mib = std::exp2(static_cast<double>(i % 10) - 1);              // 0.5 to 256
      const double lifetime = 60 * std::pow(3, static_cast<double>(i / 10 % 7));  // 1 min to 12 h
      SyntheticSite site = Steady("s" + std::to_string(i), mib, mib * kMiB / lifetime);
      const std::size_t size_class = i / 100;
      site.object_bytes = 64 * std::exp2(static_cast<double>(size_class));
      sites.push_back(std::move(site));
    }
    SyntheticOptions options;
    options.seconds = 24 * kHour;
    options.spacing_seconds = 600;
    const SiteWindow window = SyntheticTarget(500 + day).Make(sites, options);
    for (const Verdict& verdict : Analyze(window, window.observations.size(), {})) {
      const auto& whole = verdict.stretches[0];
      if (!whole || whole->variance <= 0) continue;
      squares += whole->growth_bytes * whole->growth_bytes / whole->variance;
      ++count;
    }
    Replay(window, {}, [&](const VerdictChange& change) {
      leaks += change.verdict.kind == VerdictKind::kLeak ? 1U : 0U;
    });
  }
  ASSERT_GT(count, 9000U);
  EXPECT_LE(std::sqrt(squares / static_cast<double>(count)), 1.05);
  EXPECT_GE(std::sqrt(squares / static_cast<double>(count)), 0.7);
  EXPECT_EQ(leaks, 0U);
}

}  // namespace
}  // namespace heapwatch
