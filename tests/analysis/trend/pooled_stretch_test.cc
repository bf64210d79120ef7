#include "analysis/trend/pooled_stretch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace heapwatch {
namespace {

constexpr double kMiB = 1 << 20;
constexpr double kHour = 3600;

// Ten hours of a replica that gained `mib` steadily, with an error of `error_mib`.
Stretch Gained(double mib, double error_mib = 1) {
  Stretch stretch;
  stretch.seconds = 10 * kHour;
  stretch.spacing_seconds = 60;
  stretch.start_bytes = 5 * kMiB;
  stretch.growth_bytes = mib * kMiB;
  stretch.variance = std::pow(error_mib * kMiB, 2);
  stretch.third_bytes = {mib * kMiB / 3, mib * kMiB / 3, mib * kMiB / 3};
  stretch.last_third_variance = stretch.variance / 3;
  return stretch;
}

PooledStretch Pool(const std::vector<Stretch>& stretches) { return PoolStretches(stretches); }

TEST(PoolStretches, AddsGainsTimesAndVariances) {
  Stretch longer = Gained(8, 2);
  longer.seconds = 20 * kHour;
  longer.spacing_seconds = 300;
  const PooledStretch pooled = Pool({longer, Gained(4, 1)});
  EXPECT_EQ(pooled.count, 2U);
  EXPECT_DOUBLE_EQ(pooled.slope * kHour / kMiB, 12.0 / 30);
  EXPECT_DOUBLE_EQ(pooled.z, 12 / std::sqrt(5.0));
  EXPECT_DOUBLE_EQ(pooled.last_third_z, 4 / std::sqrt(5.0 / 3));
  EXPECT_EQ(pooled.spacing_seconds, 300);
  EXPECT_DOUBLE_EQ(pooled.start_bytes, 10 * kMiB);
  EXPECT_DOUBLE_EQ((pooled.interval.high - pooled.slope) * 30 * kHour / kMiB,
                   1.96 * std::sqrt(5.0));
  EXPECT_DOUBLE_EQ(pooled.slope - pooled.interval.low, pooled.interval.high - pooled.slope);
}

// 0, 5 and 10 MiB, known to 1 MiB each: their spread of 5 says otherwise. t of two degrees of
// freedom, 97.5 %: 4.303.
TEST(PoolStretches, WidensTheIntervalByTheSpreadOfThreeAndMore) {
  const PooledStretch pooled = Pool({Gained(0), Gained(5), Gained(10)});
  EXPECT_NEAR((pooled.interval.high - pooled.slope) * 30 * kHour / kMiB, 4.303 * 5 * std::sqrt(3),
              0.01);
  const PooledStretch alike = Pool({Gained(5), Gained(5), Gained(5)});
  EXPECT_NEAR((alike.interval.high - alike.slope) * 30 * kHour / kMiB, 1.96 * std::sqrt(3), 0.01);
}

TEST(PoolStretches, TellsAllocationsWhereAllReplicasDo) {
  Stretch tells = Gained(5);
  tells.alloc_bytes = {1, 2, 3, 4};
  EXPECT_EQ(Pool({tells, tells}).alloc_bytes, (std::array<double, 4>{2, 4, 6, 8}));
  EXPECT_FALSE(Pool({tells, Gained(5)}).alloc_bytes);
}

TEST(PoolStretches, OfNothingIsNothing) {
  EXPECT_EQ(Pool({}).count, 0U);
  EXPECT_EQ(Pool({}).slope, 0);
  // Every allocation recorded.
  EXPECT_EQ(Pool({Gained(5, 0)}).z, std::numeric_limits<double>::infinity());
  EXPECT_EQ(Pool({Gained(0, 0)}).z, 0);
}

TEST(RetentionOf, IsAShare) {
  PooledStretch pooled = Pool({Gained(5)});
  EXPECT_EQ(RetentionOf(pooled), std::nullopt);
  const auto of = [&](double allocated_mib) {
    pooled.alloc_bytes = {allocated_mib * kMiB, 0, 0, 0};
    return RetentionOf(pooled);
  };
  EXPECT_EQ(of(20), 0.25);
  EXPECT_EQ(of(4), 1);
  EXPECT_EQ(of(0), std::nullopt);
  pooled.growth_bytes = -kMiB;
  EXPECT_EQ(of(20), 0);
}

// 5 MiB at the start, 4 MiB gained.
TEST(ExplainedByLoad, IsTheLevelTimesTheRiseOfTheRate) {
  PooledStretch pooled = Pool({Gained(4)});
  EXPECT_EQ(ExplainedByLoad(pooled), 0);
  const auto explained_mib = [&](double first, double second, double third, double last) {
    pooled.alloc_bytes = {first * kMiB, second * kMiB, third * kMiB, last * kMiB};
    return ExplainedByLoad(pooled) / kMiB;
  };
  EXPECT_DOUBLE_EQ(explained_mib(10, 12, 14, 15), 2.5);
  // Only 3 MiB of the level turn over.
  EXPECT_DOUBLE_EQ(explained_mib(1, 2, 2, 2), 3);
  EXPECT_EQ(explained_mib(10, 10, 10, 9), 0);
  EXPECT_EQ(explained_mib(0, 10, 10, 10), 0);
  // What stays was all that was allocated.
  EXPECT_EQ(explained_mib(0.5, 0.5, 1, 1), 0);
  pooled.start_bytes = 0;
  EXPECT_EQ(explained_mib(10, 12, 14, 15), 0);
  pooled = Pool({Gained(-4)});
  EXPECT_DOUBLE_EQ(explained_mib(1, 1, 1, 1.5), 2.25);
}

VerdictKind Judge(const std::vector<Stretch>& stretches, bool began_mid_life = false) {
  return JudgePooled(Pool(stretches), began_mid_life, {});
}

TEST(JudgePooled, CallsALeakWhatAllReplicasGainSteadily) {
  EXPECT_EQ(Judge({Gained(3), Gained(3), Gained(3)}), VerdictKind::kLeak);
}

TEST(JudgePooled, SaysNothingOfTwoReplicasOrOfLittleOrOfNoise) {
  EXPECT_EQ(Judge({Gained(20), Gained(20)}), VerdictKind::kStable);
  EXPECT_EQ(Judge({Gained(2, 0.1), Gained(2, 0.1), Gained(2, 0.1)}), VerdictKind::kStable);
  EXPECT_EQ(Judge({Gained(3, 2), Gained(3, 2), Gained(3, 2)}), VerdictKind::kStable);
  // Sure by sampling; but they disagree.
  EXPECT_EQ(Judge({Gained(12), Gained(-3), Gained(0)}), VerdictKind::kStable);
}

TEST(JudgePooled, SaysGrowingOfWhatIsNotSteady) {
  Stretch uneven = Gained(3);
  uneven.third_bytes = {0.25 * kMiB, 1.35 * kMiB, 1.4 * kMiB};
  EXPECT_EQ(Judge({uneven, uneven, uneven}), VerdictKind::kLeak);  // as noise may have it
  uneven.third_bytes = {0.1 * kMiB, 1.4 * kMiB, 1.5 * kMiB};
  EXPECT_EQ(Judge({uneven, uneven, uneven}), VerdictKind::kGrowing);
  uneven = Gained(12);
  uneven.third_bytes = {0.5 * kMiB, 5.5 * kMiB, 6 * kMiB};
  EXPECT_EQ(Judge({uneven, uneven, uneven}), VerdictKind::kGrowing);
  // The last third within its own noise.
  uneven = Gained(3);
  uneven.third_bytes = {1.3 * kMiB, 1.4 * kMiB, 0.3 * kMiB};
  EXPECT_EQ(Judge({uneven, uneven, uneven}), VerdictKind::kGrowing);
}

// However little is asked for, what a third gave back is no growth.
TEST(JudgePooled, TakesNoFallForNoise) {
  const auto judge = [](double first_mib) {
    Stretch noisy = Gained(3, 2);
    noisy.third_bytes = {first_mib * kMiB, 1.5 * kMiB, (1.5 - first_mib) * kMiB};
    TrendOptions lenient;
    lenient.min_z = 2;
    return JudgePooled(Pool({noisy, noisy, noisy}), false, lenient);
  };
  EXPECT_EQ(judge(0.1), VerdictKind::kLeak);
  EXPECT_EQ(judge(-0.1), VerdictKind::kGrowing);
}

TEST(JudgePooled, SaysGrowingOfWhatTheLoadMayExplain) {
  Stretch busier = Gained(4);
  busier.alloc_bytes = {10 * kMiB, 11 * kMiB, 13 * kMiB, 13 * kMiB};  // 1.5 MiB of it
  EXPECT_NE(Judge({busier, busier, busier}), VerdictKind::kGrowing);
  busier.alloc_bytes = {10 * kMiB, 11 * kMiB, 13 * kMiB, 15 * kMiB};  // 2.5
  EXPECT_EQ(Judge({busier, busier, busier}), VerdictKind::kGrowing);
}

TEST(JudgePooled, WaitsAsLongAsForOneReplica) {
  Stretch shorter = Gained(3);
  shorter.alloc_bytes = {kMiB, kMiB, kMiB, kMiB};
  shorter.seconds = 7 * kHour;
  EXPECT_EQ(Judge({shorter, shorter, shorter}), VerdictKind::kGrowing);
  EXPECT_EQ(Judge({shorter, shorter, shorter}, true), VerdictKind::kLeak);
}

TEST(Shows, WhatGrewAtALikeRateBeyondItsNoise) {
  const PooledStretch pooled = Pool({Gained(4), Gained(4), Gained(4)});
  EXPECT_TRUE(Shows(Gained(2.1), pooled));
  EXPECT_FALSE(Shows(Gained(1.9), pooled));
  EXPECT_FALSE(Shows(Gained(3, 3.5), pooled));
  Stretch shorter = Gained(1.1);
  shorter.seconds = 5 * kHour;
  EXPECT_TRUE(Shows(shorter, pooled));
}

}  // namespace
}  // namespace heapwatch
