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
  EXPECT_DOUBLE_EQ(hours(0.11), 2);
  EXPECT_DOUBLE_EQ(hours(0.03), 1);
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

TEST(Patience, AsksForASlopeTheBetterKnownTheLongerTheWait) {
  EXPECT_DOUBLE_EQ(KnownShare(8 * kHour), 0.4);
  EXPECT_DOUBLE_EQ(KnownShare(2 * kHour), 0.1);
  EXPECT_DOUBLE_EQ(KnownShare(24 * kHour), 0.4);
}

}  // namespace
}  // namespace heapwatch
