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

// What the three thirds bring, of a growth of 9: a share is 3.
bool IsSteady(double first, double second, double third, double slack = 0) {
  std::vector<double> level = {0, 0, 0, first, 0, 0, first + second, 0, 0, first + second + third};
  return GrowsInEveryThird(kClock, level, 0, 9, slack);
}

TEST(Steadiness, AsksHalfItsShareOfEachThirdAndMoreOfTheLast) {
  EXPECT_TRUE(IsSteady(1.6, 1.6, 5.8));
  EXPECT_FALSE(IsSteady(1.4, 1.8, 5.8));
  EXPECT_FALSE(IsSteady(1.8, 1.4, 5.8));
  EXPECT_TRUE(IsSteady(3.6, 3.5, 1.9));
  EXPECT_FALSE(IsSteady(3.7, 3.6, 1.7));
}

TEST(Steadiness, AllowsForNoiseButNotForNextToNothing) {
  EXPECT_TRUE(IsSteady(1.4, 1.8, 5.8, 0.2));
  EXPECT_TRUE(IsSteady(0.7, 1.8, 6.5, 100));
  EXPECT_FALSE(IsSteady(0.5, 1.8, 6.7, 100));
}

TEST(Steadiness, LooksAtTheStretchAlone) {
  const std::vector<double> late = {7, 7, 7, 7, 0, 2, 4, 6, 8, 10};
  EXPECT_TRUE(GrowsInEveryThird(kClock, late, 4, 10, 0));
  EXPECT_FALSE(GrowsInEveryThird(kClock, late, 0, 10, 0));
}

TEST(Steadiness, OfNothingIsNone) {
  EXPECT_FALSE(GrowsInEveryThird({}, {}, 0, 9, 0));
  EXPECT_FALSE(IsSteady(-3, -3, -3));
  EXPECT_FALSE(GrowsInEveryThird(kClock, std::vector<double>(10, 5.0), 0, 0, 100));
}

TEST(Steadiness, OfALineIsGivenAcrossAGap) {
  const std::vector<double> clock = {0, 0.5, 1, 1.5, 8, 8.5, 9};
  EXPECT_TRUE(GrowsInEveryThird(clock, clock, 0, 9, 0));
  // What fell in the gap was below the line across it.
  EXPECT_FALSE(GrowsInEveryThird(clock, std::vector<double>{0, 0.5, 1, 1.5, 1.5, 8.5, 9}, 0, 9, 0));
}

TEST(RiseSinceGiveBack, CountsFromTheEarlierPeak) {
  // Up to 10, flushed, up to 12: only 2 of it are new.
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 5, 10, 1, 6, 12}, 4), 2);
  // Small dips are no give-back.
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 5, 4, 8, 7, 12}, 4), 12);
  // Given back bit by bit; and a later peak that was given back counts, too.
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 10, 8, 6, 5, 12}, 4), 2);
  EXPECT_EQ(RiseSinceGiveBack(std::vector<double>{0, 10, 1, 20, 4, 23}, 4), 3);
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
  // What falls or rises over several values is one trough, and smaller swings are none.
  const std::vector<double> slowly = {1, 9, 7, 5, 3, 6, 9, 12, 10, 6, 9, 14, 11, 9, 12, 18};
  EXPECT_EQ(RiseOfTroughs(slowly, 3), 8);
  EXPECT_EQ(RiseOfTroughs(slowly, 7), 0);
  // Two are too few.
  EXPECT_EQ(RiseOfTroughs(std::vector<double>{1, 10, 3, 12, 5, 14}, 3), 0);
  EXPECT_EQ(RiseOfTroughs({}, 3), 0);
  EXPECT_EQ(RiseOfTroughs(copied, 0), 0);
}

}  // namespace
}  // namespace heapwatch
