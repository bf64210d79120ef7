#include "analysis/trend/forecast.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

// 300 of 1,000 bytes are live and grow by 2 to 4 a second.
TEST(Forecast, ReachesFromTheCollectorsNeedToTheLastByte) {
  const auto range = SecondsToLimit(300, 1000, {.low = 2, .high = 4}, 100);
  ASSERT_TRUE(range);
  EXPECT_DOUBLE_EQ(range->low, (500 - 300) / 4.0);
  EXPECT_DOUBLE_EQ(range->high, (1000 - 300) / 2.0);
}

TEST(Forecast, IsNowWhereTheCollectorAlreadyNeedsMore) {
  const auto range = SecondsToLimit(600, 1000, {.low = 2, .high = 4}, 100);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->low, 0);
  EXPECT_DOUBLE_EQ(range->high, 200);
  EXPECT_EQ(SecondsToLimit(1200, 1000, {.low = 2, .high = 4}, 100)->high, 0);
}

TEST(Forecast, IsNoneWhereTheGrowthIsNotSure) {
  EXPECT_FALSE(SecondsToLimit(300, 1000, {.low = 0, .high = 4}, 100));
}

}  // namespace
}  // namespace heapwatch
