#include "analysis/trend/shared_growth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace heapwatch {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

constexpr double kMiB = 1 << 20;
const Time kStart = FromUnixMillis(1'795'348'800'000);

Site SiteOf(std::size_t i) { return {.function = "main.f" + std::to_string(i)}; }

// So many sites, watched for two hours.
SiteWindow WindowOf(std::size_t count) {
  SiteWindow window;
  for (int m = 0; m <= 120; m += 60) window.observations.push_back({.time = kStart + minutes(m)});
  window.has[0] = window.has[2] = true;
  window.first_row = {0};
  for (std::size_t i = 0; i < count; ++i) {
    window.sites.push_back(SiteOf(i));
    window.rows.push_back({SiteId(i), static_cast<std::int64_t>(64 << i)});
    window.first_row.push_back(static_cast<std::uint32_t>(i + 1));
    for (std::int64_t t = 1; t <= 3; ++t) {
      window.matrix[0].push_back(t * static_cast<std::int64_t>(i + 1));
      window.matrix[2].push_back(10 * t);
    }
  }
  return window;
}

// What a site grew over the whole life of two hours, its noise, and half of it over the last hour.
Verdict Grew(std::size_t site, double mib, double error_mib) {
  Verdict verdict;
  verdict.site = SiteId(site);
  verdict.kind = VerdictKind::kStable;
  const auto stretch = [&](double share) {
    Stretch out;
    out.seconds = share * 7200;
    out.growth_bytes = share * mib * kMiB;
    out.variance = error_mib * error_mib * kMiB * kMiB;
    return out;
  };
  verdict.stretches[0] = stretch(1);
  verdict.stretches[1] = stretch(0.5);
  return verdict;
}

TEST(SharedGrowth, IsLookedForWhereAllTogetherGrewByWhatCounts) {
  const auto began = [&](double each_mib, double error_mib) {
    std::vector<Verdict> verdicts;
    for (std::size_t i = 0; i < 4; ++i) verdicts.push_back(Grew(i, each_mib, error_mib));
    return SharedGrowthBegan(verdicts, {});
  };
  // 12 MiB in two hours; the 6 of the last hour are too little.
  EXPECT_EQ(began(3, 1), std::vector<Duration>{minutes(120)});
  EXPECT_EQ(began(4, 1), (std::vector<Duration>{minutes(120), minutes(60)}));
  EXPECT_TRUE(began(1, 1).empty());
  EXPECT_TRUE(began(3, 4).empty());  // 12 MiB with a standard error of 8
}

TEST(SharedGrowth, IsNotLookedForWhereOneSiteIsMuchOfItOrAVerdictTellsIt) {
  std::vector<Verdict> verdicts = {Grew(0, 10, 1), Grew(1, 4, 1), Grew(2, 4, 1), Grew(3, 4, 1)};
  EXPECT_TRUE(SharedGrowthBegan(verdicts, {}).empty());
  for (const VerdictKind told :
       {VerdictKind::kLeak, VerdictKind::kGrowing, VerdictKind::kPlateau}) {
    verdicts[0].kind = told;  // what is left is shared by three
    EXPECT_EQ(SharedGrowthBegan(verdicts, {}), std::vector<Duration>{minutes(120)});
  }
  verdicts[1].kind = VerdictKind::kGrowing;
  EXPECT_TRUE(SharedGrowthBegan(verdicts, {}).empty());
}

TEST(SharedGrowth, SumsTheSitesNamedAndAllOthers) {
  const SiteWindow window = WindowOf(4);
  const SiteWindow sums = SumSites(window, {SiteOf(0).id(), SiteOf(2).id()});
  ASSERT_EQ(sums.sites.size(), 2U);
  ASSERT_EQ(sums.rows_of(SiteId(0U)).size(), 2U);
  EXPECT_EQ(sums.rows_of(SiteId(0U))[1].block_bytes, 64 << 2);
  EXPECT_EQ(sums.series(Quantity::kInuseSpace, 1)[2], 9);
  ASSERT_EQ(sums.rows_of(SiteId(1U)).size(), 1U);
  EXPECT_EQ(sums.series(Quantity::kInuseSpace, 2)[2], 6 + 12);
  EXPECT_EQ(sums.series(Quantity::kAllocSpace, 2)[0], 10 + 10);
  EXPECT_TRUE(sums.matrix[1].empty());  // not told
}

SharedLeak Leak(std::set<ContentHash> sites) {
  SharedLeak leak{.caller = "main.parse", .sites = std::move(sites), .sum = {}};
  leak.sum.kind = VerdictKind::kLeak;
  leak.sum.reason = "grew 12.0 MiB";
  leak.sum.from = kStart;
  leak.sum.to = kStart + minutes(120);
  leak.sum.slope_bytes_per_second = 12 * kMiB / 7200;
  leak.sum.course = "a line";
  leak.sum.seconds_to_limit = Interval{1000, 2000};
  return leak;
}

TEST(SharedGrowth, CountsForTheSitesThatGrowBeyondTheirNoise) {
  const SiteWindow window = WindowOf(4);
  std::vector<Verdict> verdicts = {Grew(0, 6, 1), Grew(1, 3, 4), Grew(2, 6, 1), Grew(3, -6, 1)};
  const auto called =
      ShareVerdict(Leak({SiteOf(0).id(), SiteOf(1).id(), SiteOf(3).id()}), window, {}, verdicts);
  EXPECT_EQ(called, std::set{SiteOf(0).id()});
  EXPECT_EQ(verdicts[0].kind, VerdictKind::kLeak);
  EXPECT_EQ(verdicts[1].kind, VerdictKind::kStable);  // within its noise
  EXPECT_EQ(verdicts[2].kind, VerdictKind::kStable);  // somebody else's
  EXPECT_EQ(verdicts[3].kind, VerdictKind::kStable);
  EXPECT_DOUBLE_EQ(verdicts[0].slope_bytes_per_second, 6 * kMiB / 7200);
  EXPECT_DOUBLE_EQ(verdicts[0].z, 6);
  EXPECT_GT(verdicts[0].slope_interval.low, 0);
  EXPECT_EQ(verdicts[0].course, "a line");
  EXPECT_DOUBLE_EQ(verdicts[0].seconds_to_limit->low, 2000);  // alone it would take twice as long
  EXPECT_THAT(verdicts[0].reason, HasSubstr("grew 6.0 MiB in 2 h as one of 3 sites in or below "
                                            "main.parse; together: grew 12.0 MiB"));
}

TEST(SharedGrowth, GoesOnCountingForASiteOnceCalledWhileItGrowsAtAll) {
  const SiteWindow window = WindowOf(2);
  const SharedLeak leak = Leak({SiteOf(0).id(), SiteOf(1).id()});
  std::vector<Verdict> verdicts = {Grew(0, 3, 4), Grew(1, -1, 2)};
  const std::set before = {SiteOf(0).id(), SiteOf(1).id()};
  EXPECT_EQ(ShareVerdict(leak, window, before, verdicts), std::set{SiteOf(0).id()});
}

TEST(SharedGrowth, CountsForASiteThatIsSeenToGrowByItselfMeanwhile) {
  const SiteWindow window = WindowOf(2);
  std::vector<Verdict> verdicts = {Grew(0, 6, 1), Grew(1, 6, 1)};
  verdicts[0].kind = VerdictKind::kGrowing;
  verdicts[1].kind = VerdictKind::kPlateau;
  EXPECT_EQ(ShareVerdict(Leak({SiteOf(0).id(), SiteOf(1).id()}), window, {}, verdicts),
            std::set{SiteOf(0).id()});
}

TEST(SharedGrowth, DoesNotCountForASiteOfWhichNextToNothingStays) {
  const SiteWindow window = WindowOf(3);
  std::vector<Verdict> verdicts = {Grew(0, 6, 1), Grew(1, 6, 1), Grew(2, 3, 1)};
  const auto allocated = [](double mib) { return std::array<double, 4>{mib * kMiB, 0, 0, 0}; };
  verdicts[0].stretches[0]->alloc_bytes = allocated(8);
  verdicts[1].stretches[0]->alloc_bytes = allocated(10);
  verdicts[2].stretches[0]->alloc_bytes = allocated(300);
  const auto called =
      ShareVerdict(Leak({SiteOf(0).id(), SiteOf(1).id(), SiteOf(2).id()}), window, {}, verdicts);
  EXPECT_EQ(called, (std::set{SiteOf(0).id(), SiteOf(1).id()}));
}

TEST(SharedGrowth, DoesNotCountForASampledSiteAtWhichNothingWasBorn) {
  const SiteWindow window = WindowOf(1);
  std::vector<Verdict> verdicts = {Grew(0, 6, 0)};
  verdicts[0].sampling_period_bytes = 512 << 10;
  EXPECT_TRUE(ShareVerdict(Leak({SiteOf(0).id()}), window, {}, verdicts).empty());
  verdicts[0].sampling_period_bytes = 1;  // every allocation is recorded
  EXPECT_EQ(ShareVerdict(Leak({SiteOf(0).id()}), window, {}, verdicts).size(), 1U);
}

TEST(SharedGrowth, LeavesTheVerdictsThatSitesReachByThemselves) {
  const SiteWindow window = WindowOf(1);
  std::vector<Verdict> verdicts = {Grew(0, 6, 1)};
  verdicts[0].kind = VerdictKind::kLeak;
  verdicts[0].reason = "by itself";
  EXPECT_TRUE(ShareVerdict(Leak({SiteOf(0).id()}), window, {}, verdicts).empty());
  EXPECT_EQ(verdicts[0].reason, "by itself");
}

}  // namespace
}  // namespace heapwatch
