#include "analysis/trend/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace heapwatch {
namespace {

constexpr double kPeriod = 512 * 1024;

TEST(SamplingNoise, OfSmallObjectsIsThePeriodTimesTheBytes) {
  // V = R X for objects small beside R: 10 MiB are known within sqrt(10 MiB * 512 KiB) = 2.24 MiB,
  // 22 %.
  const SampleUnit unit = UnitOf(64, kPeriod);
  const double samples = 10 * 1024 * 1024 / unit.bytes;
  EXPECT_NEAR(std::sqrt(samples * unit.variance) / (10 * 1024 * 1024), 0.2236, 0.0005);
}

TEST(SamplingNoise, VanishesForObjectsThatAreSurelySampled) {
  EXPECT_NEAR(UnitOf(64.0 * 1024 * 1024, kPeriod).variance, 0, 1e-9);
  EXPECT_EQ(UnitOf(64, 1).variance, 0);
}

// T(u) by the midpoint rule on its definition.
double TurnoverFactorByHand(double u) {
  double sum = 0;
  constexpr int kSteps = 400;
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      const double x = (i + 0.5) / kSteps - 0.5;
      const double y = (j + 0.5) / kSteps - 0.5;
      sum += x * y * std::exp(-u * std::fabs(x - y));
    }
  }
  return 144 * sum / (kSteps * kSteps);
}

TEST(TurnoverFactor, AgreesWithItsDefinitionAtAllSpeeds) {
  for (const double u : {0.05, 0.19, 0.21, 1.0, 5.0, 30.0}) {
    EXPECT_NEAR(TurnoverFactor(u), TurnoverFactorByHand(u), 0.01 * TurnoverFactor(u)) << u;
  }
  EXPECT_EQ(TurnoverFactor(0), 0);
}

double SlopeTimesLength(const std::vector<double>& y) {
  const auto n = static_cast<double>(y.size());
  double covariance = 0;
  double variance = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double x = (static_cast<double>(i) + 0.5) / n - 0.5;
    covariance += x * y[i];
    variance += x * x;
  }
  return covariance / variance;
}

// Objects with exponential lives, thousands of windows: a fitted trend over its standard error must
// have a spread of one. It is conservative by design where the level itself is uncertain, never the
// other way.
TEST(TrendVariance, IsCalibratedOverSimulatedObjectLives) {
  std::mt19937_64 random(3);
  for (const double turnovers : {0.2, 1.0, 5.0, 40.0}) {
    constexpr int kWindows = 3000;
    constexpr int kSteps = 100;
    constexpr double kLevel = 80;
    double squares = 0;
    for (int w = 0; w < kWindows; ++w) {
      auto live = std::poisson_distribution<int>(kLevel)(random);
      std::vector<double> y;
      double born = 0;
      for (int k = 0; k < kSteps; ++k) {
        y.push_back(live);
        const double step = turnovers / kSteps;
        live -= std::binomial_distribution<int>(live, -std::expm1(-step))(random);
        // Born within the step and still alive at its end.
        const int arrived = std::poisson_distribution<int>(kLevel * -std::expm1(-step))(random);
        live += arrived;
        born += arrived;
      }
      const double variance = TrendVariance({.bytes = 1, .variance = 1},
                                            {.start = y.front(), .end = y.back(), .born = born});
      const double z = SlopeTimesLength(y) / std::sqrt(variance);
      squares += z * z;
    }
    const double spread = std::sqrt(squares / kWindows);
    EXPECT_LE(spread, 1.05) << turnovers;
    EXPECT_GE(spread, 0.6) << turnovers;
  }
}

}  // namespace
}  // namespace heapwatch
