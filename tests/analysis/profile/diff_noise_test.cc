#include "analysis/profile/diff_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace heapwatch {
namespace {

constexpr double kPeriod = 524288;
constexpr std::int64_t kTestBytes = 10 << 20;

Levels Inuse(std::int64_t objects, std::int64_t bytes) { return {bytes, objects, {}, {}}; }
Levels All(std::int64_t alloc_objects, std::int64_t inuse_objects, std::int64_t block_bytes) {
  return {inuse_objects * block_bytes, inuse_objects, alloc_objects * block_bytes, alloc_objects};
}

TEST(DiffNoise, OfSmallBlocksIsThePeriodTimesTheBytesOfBothLevels) {
  const auto variance =
      DifferenceVariance({Quantity::kInuseSpace, 64, Inuse(1 << 20, 64 << 20),
                          Inuse(2 << 20, 128 << 20), kPeriod, kPeriod, AllocOrder::kNone, 1});
  ASSERT_TRUE(variance);
  EXPECT_NEAR(*variance / (kPeriod * (192 << 20)), 1.0, 0.01);
}

TEST(DiffNoise, OfOneProcessCountsOnlyBirthsAndDeaths) {
  // 64 MiB that stay and 1 MiB that was added: the noise is that of 1 MiB.
  const auto variance = DifferenceVariance({Quantity::kInuseSpace, 64, All(1 << 20, 1 << 20, 64),
                                            All((1 << 20) + 16384, (1 << 20) + 16384, 64), kPeriod,
                                            kPeriod, AllocOrder::kForward, 1});
  ASSERT_TRUE(variance);
  EXPECT_NEAR(*variance / (kPeriod * (1 << 20)), 1.0, 0.01);
}

TEST(DiffNoise, IsTheSameBackwards) {
  const Levels early = All(1000, 500, 65536);
  const Levels late = All(3000, 700, 65536);
  const auto forward = DifferenceVariance(
      {Quantity::kInuseSpace, 65536, early, late, kPeriod, kPeriod, AllocOrder::kForward, 1});
  const auto backward = DifferenceVariance(
      {Quantity::kInuseSpace, 65536, late, early, kPeriod, kPeriod, AllocOrder::kBackward, 1});
  ASSERT_TRUE(forward && backward);
  EXPECT_GT(*forward, 0);
  EXPECT_DOUBLE_EQ(*forward, *backward);
}

TEST(DiffNoise, OfBlocksThatAreAlwaysSampledIsNothing) {
  const auto variance =
      DifferenceVariance({Quantity::kInuseSpace, 64 << 20, Inuse(1, 64 << 20), Inuse(3, 192 << 20),
                          kPeriod, kPeriod, AllocOrder::kNone, 1});
  ASSERT_TRUE(variance);
  EXPECT_LT(std::sqrt(*variance), 1.0);
}

TEST(DiffNoise, IsZeroWhereEveryAllocationWasRecorded) {
  EXPECT_EQ(DifferenceVariance({Quantity::kInuseSpace, 64, Inuse(1000, 64000), Inuse(1, 64), 1, 1,
                                AllocOrder::kNone, 1}),
            0.0);
}

TEST(DiffNoise, TakesTheMeanBlockSizeWhereNoneIsTold) {
  const NoiseInput told{Quantity::kInuseSpace, 4096,    Inuse(0, 0),
                        Inuse(1000, 4096000),  kPeriod, kPeriod,
                        AllocOrder::kNone,     1};
  NoiseInput untold = told;
  untold.block_bytes = 0;
  EXPECT_EQ(DifferenceVariance(untold), DifferenceVariance(told));
}

TEST(DiffNoise, IsBoundedFromAboveWhereOnlyBytesAreKnown) {
  const Levels before = {0, {}, {}, {}};
  const Levels after = {kTestBytes, {}, {}, {}};
  EXPECT_EQ(DifferenceVariance(
                {Quantity::kInuseSpace, 0, before, after, kPeriod, kPeriod, AllocOrder::kNone, 1}),
            kPeriod * kTestBytes);
}

TEST(DiffNoise, IsUnknownForBlocksOfUnknownSize) {
  const Levels before = {std::nullopt, 10, std::nullopt, std::nullopt};
  const Levels after = {std::nullopt, 20, std::nullopt, std::nullopt};
  EXPECT_FALSE(DifferenceVariance(
      {Quantity::kInuseObjects, 0, before, after, kPeriod, kPeriod, AllocOrder::kNone, 1}));
}

TEST(DiffNoise, GrowsWithTheSquareOfTheScale) {
  const NoiseInput plain{Quantity::kInuseSpace,    64,      Inuse(0, 0),
                         Inuse(1 << 20, 64 << 20), kPeriod, kPeriod,
                         AllocOrder::kNone,        1};
  NoiseInput scaled = plain;
  scaled.scale = 3;
  EXPECT_NEAR(*DifferenceVariance(scaled) / *DifferenceVariance(plain), 9.0, 1e-9);
}

// The proof of the formula: sample a known heap many times as Go does, and compare what the
// estimates scatter by with what is claimed. A fixed seed, so the outcome is the same everywhere.
TEST(DiffNoise, IsWhatSimulatedSamplingScattersBy) {
  constexpr double kBlock = 65536;
  constexpr int kStay = 400;
  constexpr int kDie = 300;
  constexpr int kBorn = 700;
  constexpr int kRounds = 4000;
  const double share = 1 - std::exp(-kBlock / kPeriod);
  std::mt19937_64 random(42);
  const auto draw = [&](int n) { return std::binomial_distribution<int>(n, share)(random); };
  double sum = 0;
  double sum_of_squares = 0;
  double claimed = 0;
  const auto value = [&](int sampled) {
    return static_cast<std::int64_t>(std::llround(sampled * kBlock / share));
  };
  for (int round = 0; round < kRounds; ++round) {
    const int stay = draw(kStay);
    const int die = draw(kDie);
    const int born = draw(kBorn);
    const auto change = static_cast<double>(value(stay + born) - value(stay + die));
    sum += change;
    sum_of_squares += change * change;
    const auto count = [&](int sampled) {
      return static_cast<std::int64_t>(std::llround(sampled / share));
    };
    claimed += DifferenceVariance(
                   {Quantity::kInuseSpace,
                    65536,
                    {value(stay + die), count(stay + die), value(stay + die), count(stay + die)},
                    {value(stay + born), count(stay + born), value(stay + die + born),
                     count(stay + die + born)},
                    kPeriod,
                    kPeriod,
                    AllocOrder::kForward,
                    1})
                   .value_or(0);
  }
  const double mean = sum / kRounds;
  const double scatter = sum_of_squares / kRounds - mean * mean;
  EXPECT_NEAR(mean, (kBorn - kDie) * kBlock, 0.02 * kBorn * kBlock);
  EXPECT_NEAR(claimed / kRounds / scatter, 1.0, 0.1);
}

}  // namespace
}  // namespace heapwatch
