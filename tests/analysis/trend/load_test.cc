#include "analysis/trend/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rates = std::vector<std::vector<double>>;

TEST(LoadIndex, IsOneOnAverageWhateverTheSitesAllocate) {
  EXPECT_THAT(LoadIndex(Rates{{1, 2, 3}, {100, 200, 300}}),
              ElementsAre(DoubleEq(0.5), DoubleEq(1), DoubleEq(1.5)));
}

TEST(LoadIndex, IsNotMovedByABurstAtOneSite) {
  EXPECT_THAT(LoadIndex(Rates{{1, 1, 1}, {5, 5, 5}, {1, 100, 1}}),
              ElementsAre(DoubleEq(1), DoubleEq(1), DoubleEq(1)));
}

TEST(LoadIndex, IsUnknownWhereNothingIsAllocated) {
  EXPECT_THAT(LoadIndex({}), IsEmpty());
  EXPECT_THAT(LoadIndex(Rates{{0, 0, 0}}), IsEmpty());
}

TEST(TellsLoad, FromTwentyFiveSamplesABinOn) {
  EXPECT_TRUE(TellsLoad(250, 10));
  EXPECT_FALSE(TellsLoad(249, 10));
  EXPECT_FALSE(TellsLoad(250, 0));
}

TEST(WorkSeconds, RunsFasterUnderLoad) {
  Bins bins;
  bins.seconds = {0, 100, 200, 300};
  EXPECT_THAT(WorkSeconds(bins, std::vector<double>{0.5, 0.5, 1.5, 1.5}),
              ElementsAre(0, DoubleEq(50), DoubleEq(150), DoubleEq(300)));
}

}  // namespace
}  // namespace heapwatch
