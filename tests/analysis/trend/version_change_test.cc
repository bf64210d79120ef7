#include "analysis/trend/version_change.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace heapwatch {
namespace {

ContentHash SiteOf(int i) { return Site{.function = "f" + std::to_string(i)}.id(); }

// An hour in which so many bytes a second were allocated, in so many samples.
PooledStretch Allocated(double bytes_per_second, double samples = 1000) {
  PooledStretch pooled;
  pooled.seconds = 3600;
  const double quarter = bytes_per_second * 900;
  pooled.alloc_bytes = {quarter, quarter, quarter, quarter};
  pooled.alloc_samples = samples;
  return pooled;
}

PooledStretch Growing(double low, double high) {
  PooledStretch pooled;
  pooled.slope = (low + high) / 2;
  pooled.interval = {.low = low, .high = high};
  return pooled;
}

// Three sites bear half the load, one three times as much, one a tenth more: the median is a half.
TEST(FindLoadRatio, IsTheMedianOfTheSitesThatBothVersionsKnow) {
  std::map<ContentHash, PooledStretch> before;
  std::map<ContentHash, PooledStretch> now;
  const double ratios[] = {0.5, 3, 0.5, 1.1, 0.5};
  for (int i = 0; i < 5; ++i) {
    before[SiteOf(i)] = Allocated(1000);
    now[SiteOf(i)] = Allocated(1000 * ratios[i]);
  }
  EXPECT_DOUBLE_EQ(FindLoadRatio(before, now)->ratio, 0.5);
  // Four, and one could be the regression itself.
  now[SiteOf(0)].alloc_samples = 90;
  EXPECT_FALSE(FindLoadRatio(before, now));
  now[SiteOf(0)].alloc_samples = 110;
  EXPECT_DOUBLE_EQ(FindLoadRatio(before, now)->ratio, 0.5);
  before.erase(SiteOf(1));
  EXPECT_FALSE(FindLoadRatio(before, now));
}

// Their logarithms lie a tenth apart: the median deviation is a tenth, so the standard deviation
// 0.1 / 0.6745 = 0.148, and the error of the median of five sqrt(pi / 10) = 0.56 times that.
TEST(FindLoadRatio, KnowsHowSureItIs) {
  std::map<ContentHash, PooledStretch> before;
  std::map<ContentHash, PooledStretch> now;
  for (int i = 0; i < 5; ++i) {
    before[SiteOf(i)] = Allocated(1000);
    now[SiteOf(i)] = Allocated(1000 * std::exp(0.1 * (i - 2)));
  }
  EXPECT_NEAR(FindLoadRatio(before, now)->ratio, 1, 1e-9);
  EXPECT_NEAR(FindLoadRatio(before, now)->relative_error, 0.0831, 1e-4);
}

TEST(CompareVersions, CallsAGrowthNewThatIsSurelyFasterThanBefore) {
  const auto is_new = [](const PooledStretch& before, const PooledStretch& now) {
    return CompareVersions(before, now, std::nullopt).growth_is_new;
  };
  EXPECT_TRUE(is_new(Growing(1, 3), Growing(3.5, 6)));
  EXPECT_FALSE(is_new(Growing(1, 4), Growing(3.5, 6)));
  EXPECT_FALSE(is_new(Growing(-5, -3), Growing(-2, 6)));
  const VersionChange change = CompareVersions(Growing(1, 3), Growing(3.5, 6), std::nullopt);
  EXPECT_EQ(change.slope_before, 2);
  EXPECT_EQ(change.slope_interval_before.low, 1);
  EXPECT_EQ(change.slope_interval_before.high, 3);
}

TEST(CompareVersions, ComparesRatesNotTotals) {
  PooledStretch twice_as_long = Allocated(1000);
  twice_as_long.seconds *= 2;
  for (double& bytes : *twice_as_long.alloc_bytes) bytes *= 2;
  EXPECT_DOUBLE_EQ(*CompareVersions(twice_as_long, Allocated(3000), LoadRatio{}).alloc_ratio, 3);
}

TEST(CompareVersions, SetsAllocationsAgainstTheLoad) {
  const auto ratio = [](double load, double samples = 1000) {
    return CompareVersions(Allocated(1000, samples), Allocated(3000), LoadRatio{load});
  };
  EXPECT_DOUBLE_EQ(*ratio(1.5).alloc_ratio, 2);
  EXPECT_TRUE(ratio(1.5).allocates_more);
  EXPECT_FALSE(ratio(2.2).allocates_more);
  EXPECT_FALSE(ratio(1.5, 90).alloc_ratio);
  EXPECT_FALSE(CompareVersions(Allocated(1000), Allocated(3000), std::nullopt).alloc_ratio);
  EXPECT_FALSE(CompareVersions(PooledStretch{}, Allocated(3000), LoadRatio{}).alloc_ratio);
}

// Twice as much; of 200 and 1000 samples the ratio is known to 7.7 %, and three times that is less
// than the quarter that 1.5 lies below 2. Of 110 samples it is known to 10 %.
TEST(CompareVersions, SaysThatItAllocatesMoreWhereThatIsSure) {
  EXPECT_TRUE(CompareVersions(Allocated(1000, 200), Allocated(2000), LoadRatio{}).allocates_more);
  EXPECT_FALSE(CompareVersions(Allocated(1000, 110), Allocated(2000), LoadRatio{}).allocates_more);
  // Nor is it sure where the load is known to 8 % only: both errors together are 11 %.
  EXPECT_FALSE(CompareVersions(Allocated(1000, 200), Allocated(2000),
                               LoadRatio{.ratio = 1, .relative_error = 0.08})
                   .allocates_more);
}

}  // namespace
}  // namespace heapwatch
