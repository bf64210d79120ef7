#include "analysis/trend/growth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace heapwatch {
namespace {

// A line up to 63 that alternates by `noise`, without the `fall` from the middle on.
std::vector<double> Line(double noise, double fall = 0) {
  std::vector<double> levels;
  for (int k = 0; k < 64; ++k) levels.push_back(k + (k % 2) * noise - (k >= 32 ? fall : 0));
  return levels;
}

TEST(AboveGiveBacks, CountsFromBeforeTheLastGiveBack) {
  EXPECT_EQ(AboveGiveBacks(Line(0), 60), 63);
  // A third of the growth is no give-back yet, a half is.
  EXPECT_EQ(AboveGiveBacks(Line(0, 20), 60), 43);
  EXPECT_EQ(AboveGiveBacks(Line(0, 30), 60), 63 - 30 - 31);
}

// Steps of 10 or so have a deviation of 10 / 0.6745 / sqrt(2): a fall counts from 52 on.
TEST(AboveGiveBacks, TakesNoNoiseForAGiveBack) {
  EXPECT_EQ(AboveGiveBacks(Line(10, 45), 60), 63 + 10 - 45);
  EXPECT_LT(AboveGiveBacks(Line(10, 65), 60), 0 + 10);
}

// An array that is copied to grow falls by half each time, from three times as high.
TEST(AboveGiveBacks, CountsTheRiseOfTroughsWhereThatIsMore) {
  const std::vector<double> copied = {10, 10, 10,  30, 20, 20, 20,  60, 40,
                                      40, 40, 120, 80, 80, 80, 240, 160};
  EXPECT_EQ(AboveGiveBacks(copied, 50), 80 - 10);
}

TEST(AboveGiveBacks, OfOneLevelIsNothing) {
  EXPECT_EQ(AboveGiveBacks(std::vector<double>{5}, 60), 0);
}

// A hundred looks, a minute apart; 4 bytes a sample.
struct Looks {
  Looks() {
    for (int i = 0; i < 100; ++i) {
      life.columns.push_back(static_cast<std::uint32_t>(i));
      life.seconds.push_back(60.0 * i);
      inuse.push_back(400 + 4.0 * i);
      alloc.push_back(40.0 * i);
    }
    const SiteLife::Class cls = {
        .unit = {.bytes = 4, .variance = 16}, .inuse = inuse, .alloc = alloc};
    site.inuse = inuse;
    site.alloc = alloc;
    site.classes = {cls};
  }
  Timeline life;
  std::vector<double> inuse;
  std::vector<double> alloc;
  SiteLife site;
};

TEST(CountSamples, TakesLevelsOverTheEndsOfTheStretchAndBirthsInBetween) {
  Looks looks;
  // Six of a hundred at each end: 100 to 105, and 194 to 199.
  const SampleCounts whole = CountSamples(looks.life, looks.site.classes[0], 0);
  EXPECT_DOUBLE_EQ(whole.start, 102.5);
  EXPECT_DOUBLE_EQ(whole.end, 196.5);
  EXPECT_DOUBLE_EQ(whole.born, 990);
  const SampleCounts half = CountSamples(looks.life, looks.site.classes[0], 3000);
  EXPECT_DOUBLE_EQ(half.start, 151);
  EXPECT_DOUBLE_EQ(half.end, 198);
  EXPECT_DOUBLE_EQ(half.born, 490);
}

TEST(CountSamples, KnowsOnlyTheNetChangeWhereAllocationsAreNotTold) {
  Looks looks;
  looks.site.classes[0].alloc = {};
  EXPECT_DOUBLE_EQ(CountSamples(looks.life, looks.site.classes[0], 0).born, 94);
  std::reverse(looks.inuse.begin(), looks.inuse.end());
  EXPECT_EQ(CountSamples(looks.life, looks.site.classes[0], 0).born, 0);
}

TEST(SamplingVariance, IsTheSumOverTheSizes) {
  Looks looks;
  const double one = SamplingVariance(looks.life, looks.site, 0);
  EXPECT_DOUBLE_EQ(one, TrendVariance({4, 16}, {102.5, 196.5, 990}));
  SiteLife::Class larger = looks.site.classes[0];
  larger.unit.variance = 48;
  looks.site.classes.push_back(larger);
  EXPECT_DOUBLE_EQ(SamplingVariance(looks.life, looks.site, 0), 4 * one);
}

}  // namespace
}  // namespace heapwatch
