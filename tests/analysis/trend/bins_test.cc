#include "analysis/trend/bins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::ElementsAre;

Timeline LifeOf(std::vector<double> seconds) {
  Timeline life;
  for (std::size_t i = 0; i < seconds.size(); ++i)
    life.columns.push_back(static_cast<std::uint32_t>(i));
  life.seconds = std::move(seconds);
  return life;
}

TEST(Bins, AreOfEqualLengthAndNeverEmpty) {
  // Nothing between 30 and 80.
  const Timeline life = LifeOf({0, 10, 20, 30, 80, 90, 100});
  const Bins bins = MakeBins(life, 0, 4);
  EXPECT_THAT(bins.begin, ElementsAre(0U, 3U, 4U, 7U));
  EXPECT_THAT(bins.seconds, ElementsAre(10, 30, 90));
  EXPECT_EQ(bins.length_seconds(), 100);
}

TEST(Bins, AreTheObservationsWhereThoseAreFew) {
  const Bins bins = MakeBins(LifeOf({0, 10, 20, 30}), 10, 8);
  EXPECT_THAT(bins.seconds, ElementsAre(10, 20, 30));
  EXPECT_EQ(bins.start_seconds, 10);
}

TEST(Bins, AreNoneAfterTheEndOfTheLife) { EXPECT_EQ(MakeBins(LifeOf({0, 10}), 20, 4).size(), 0U); }

TEST(Bins, HoldMeansAndRates) {
  const Timeline life = LifeOf({0, 10, 20, 30, 40, 50});
  const Bins bins = MakeBins(life, 0, 3);
  EXPECT_THAT(bins.begin, ElementsAre(0U, 2U, 4U, 6U));
  const std::vector<double> values = {1, 3, 5, 7, 9, 11};
  EXPECT_THAT(BinMeans(bins, CumulativeSums(values)), ElementsAre(2, 6, 10));
  const std::vector<double> allocated = {0, 10, 30, 50, 80, 110};
  EXPECT_THAT(BinRates(bins, life, allocated), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace heapwatch
