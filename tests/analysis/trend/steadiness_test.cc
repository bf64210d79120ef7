#include "analysis/trend/steadiness.h"

#include <gtest/gtest.h>

#include <vector>

namespace heapwatch {
namespace {

const std::vector<double> kClock = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(Steadiness, OfALineIsGivenInEveryThird) {
  EXPECT_TRUE(
      GrowsInEveryThird(kClock, std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 9, 0));
}

TEST(Steadiness, IsDeniedToStepsAndToWhatEnded) {
  EXPECT_FALSE(
      GrowsInEveryThird(kClock, std::vector<double>{0, 0, 0, 0, 9, 9, 9, 9, 9, 9}, 0, 9, 0));
  EXPECT_FALSE(
      GrowsInEveryThird(kClock, std::vector<double>{0, 2, 4, 6, 8, 9, 9, 9, 9, 9}, 0, 9, 0));
}

TEST(Steadiness, OfALineIsGivenAcrossAGap) {
  const std::vector<double> clock = {0, 0.5, 1, 1.5, 8, 8.5, 9};
  EXPECT_TRUE(GrowsInEveryThird(clock, clock, 0, 9, 0));
}

TEST(RiseSinceGiveBack, CountsFromTheEarlierPeak) {
  // Up to 10, flushed, up to 12: only 2 of it are new.
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 5, 10, 1, 6, 12}, 4), 2);
  // Small dips are no give-back.
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 5, 4, 8, 7, 12}, 4), 12);
  EXPECT_EQ(RiseSinceGiveBack({}, 4), 0);
}

TEST(RiseOfTroughs, CountsWhatIsNeverGivenBack) {
  // An array copied to grow: the old one and the new are there for a while, then the new alone.
  const std::vector<double> copied = {1, 2, 5, 3, 8, 5, 12, 8, 20, 13, 32, 21, 50};
  EXPECT_EQ(RiseOfTroughs(copied, 3), 20);
  // A flushed buffer falls to where it was.
  EXPECT_EQ(RiseOfTroughs(std::vector<double>{1, 10, 1, 11, 1, 10, 1, 12, 1, 10}, 3), 0);
  // One trough below an earlier one, and nothing is known to stay.
  EXPECT_EQ(RiseOfTroughs(std::vector<double>{1, 10, 3, 12, 5, 14, 2, 16, 8, 20}, 3), 0);
  // Two are too few.
  EXPECT_EQ(RiseOfTroughs(std::vector<double>{1, 10, 3, 12, 5, 14}, 3), 0);
  EXPECT_EQ(RiseOfTroughs({}, 3), 0);
}

}  // namespace
}  // namespace heapwatch
