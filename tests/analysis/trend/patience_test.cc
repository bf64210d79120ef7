#include "analysis/trend/patience.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

constexpr double kHour = 3600;

TEST(Patience, RunsThroughTheExampleOfTheHeader) {
  const auto hours = [](double retention) {
    return PatienceSeconds({.retention = retention, .spacing_seconds = 60}, {}) / kHour;
  };
  EXPECT_DOUBLE_EQ(hours(0.8), 8);
  EXPECT_NEAR(hours(0.2), 3 + 38.0 / 60, 0.01);
  EXPECT_NEAR(
      PatienceSeconds({.retention = 0.2, .error_over_sampling = 3.2, .spacing_seconds = 60}, {}) /
          kHour,
      2 * hours(0.2), 1e-9);
  EXPECT_DOUBLE_EQ(hours(0.1), 1);
}

TEST(Patience, IsThreeTimesAsLongAtMostForUnevenWork) {
  const auto hours = [](double retention, double error) {
    return PatienceSeconds(
               {.retention = retention, .error_over_sampling = error, .spacing_seconds = 60}, {}) /
           kHour;
  };
  EXPECT_DOUBLE_EQ(hours(0.8, 1.5), 8);
  EXPECT_DOUBLE_EQ(hours(0.8, 100), 24);
  EXPECT_DOUBLE_EQ(hours(0.01, 3.2), 2);
}

TEST(Patience, TakesRetentionThatIsNotToldForThatOfAFill) {
  EXPECT_DOUBLE_EQ(PatienceSeconds({.retention = {}, .spacing_seconds = 60}, {}), 8 * kHour);
}

TEST(Patience, IsShorterForWhatBeginsMidLife) {
  EXPECT_DOUBLE_EQ(
      PatienceSeconds({.began_mid_life = true, .retention = 0.5, .spacing_seconds = 300}, {}),
      2.4 * kHour);
  // Where allocations are not told, more load is one of the causes.
  EXPECT_DOUBLE_EQ(
      PatienceSeconds({.began_mid_life = true, .retention = {}, .spacing_seconds = 300}, {}),
      8 * kHour);
}

TEST(Patience, ShrinksWithTheSpacingUnlessAskedFor) {
  EXPECT_DOUBLE_EQ(PatienceSeconds({.retention = {}, .spacing_seconds = 15}, {}), kHour);
  TrendOptions asked;
  asked.patience = std::chrono::hours(4);
  EXPECT_DOUBLE_EQ(PatienceSeconds({.retention = {}, .spacing_seconds = 15}, asked), 4 * kHour);
}

TEST(Patience, AsksForASlopeTheBetterKnownTheMoreItMayBeAFill) {
  const auto share = [](std::optional<double> retention, double spacing_seconds) {
    return KnownShare({.retention = retention, .spacing_seconds = spacing_seconds}, {});
  };
  EXPECT_DOUBLE_EQ(share(0.8, 60), 0.4);
  EXPECT_DOUBLE_EQ(share({}, 60), 0.4);
  EXPECT_DOUBLE_EQ(share(0.13, 60), 0.05);
  EXPECT_DOUBLE_EQ(share(0.8, 15), 0.05);
  EXPECT_DOUBLE_EQ(
      KnownShare({.began_mid_life = true, .retention = 0.8, .spacing_seconds = 60}, {}), 0.4);
}

}  // namespace
}  // namespace heapwatch
