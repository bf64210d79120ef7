#include "analysis/trend/site_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::ElementsAre;

constexpr double kPeriod = 512 * 1024;

// Three scrapes, the second of which repeats the first. The first site has blocks of 64 bytes and
// of 1 MiB, the second such of a size that is not told.
SiteWindow Window() {
  SiteWindow window;
  window.has = {true, true, true, true};
  window.sites = {{.function = "two sizes"}, {.function = "one"}};
  window.rows = {{SiteId(0U), 64}, {SiteId(0U), 1 << 20}, {SiteId(1U), 0}};
  window.first_row = {0, 2, 3};
  for (int i = 0; i < 3; ++i)
    window.observations.push_back({.time = FromUnixMillis(60'000 * i), .is_new = i != 1});
  window.matrix = {{{64, 64, 128, 1 << 20, 1 << 20, 3 << 20, 600, 600, 1400},
                    {1, 1, 2, 1, 1, 3, 2, 2, 8},
                    {128, 128, 640, 2 << 20, 2 << 20, 5 << 20, 700, 700, 2000},
                    {2, 2, 10, 2, 2, 5, 3, 3, 10}}};
  return window;
}

SiteLife LifeOf(const SiteWindow& window, std::size_t site) {
  return MakeSiteLife(window, CurrentLife(window, 3), SiteId(site), kPeriod);
}

TEST(SiteLife, AddsUpBlocksOfAllSizes) {
  const SiteLife site = LifeOf(Window(), 0);
  EXPECT_THAT(site.inuse, ElementsAre(64 + (1 << 20), 128 + (3 << 20)));
  EXPECT_THAT(site.alloc, ElementsAre(128 + (2 << 20), 640 + (5 << 20)));
}

TEST(SiteLife, TellsTheSamplesOfEachSizeApart) {
  const SiteLife site = LifeOf(Window(), 0);
  ASSERT_EQ(site.classes.size(), 2U);
  EXPECT_THAT(site.classes[1].inuse, ElementsAre(1 << 20, 3 << 20));
  EXPECT_DOUBLE_EQ(site.classes[0].unit.bytes, UnitOf(64, kPeriod).bytes);
  EXPECT_DOUBLE_EQ(site.classes[1].unit.bytes, UnitOf(1 << 20, kPeriod).bytes);
  EXPECT_DOUBLE_EQ(site.classes[0].BornSince(0), 512 / UnitOf(64, kPeriod).bytes);
  EXPECT_DOUBLE_EQ(site.classes[1].BornSince(0), (3 << 20) / UnitOf(1 << 20, kPeriod).bytes);
  EXPECT_EQ(site.classes[1].BornSince(1), 0);
}

TEST(SiteLife, TakesTheMeanSizeWhereNoneIsTold) {
  SiteWindow window = Window();
  EXPECT_DOUBLE_EQ(LifeOf(window, 1).classes[0].unit.bytes, UnitOf(200, kPeriod).bytes);
  // What has never been live, and what is not counted, is taken to be small.
  for (std::size_t i = 6; i < 9; ++i) window.matrix[0][i] = window.matrix[1][i] = 0;
  EXPECT_DOUBLE_EQ(LifeOf(window, 1).classes[0].unit.bytes, UnitOf(1, kPeriod).bytes);
  window = Window();
  window.has[1] = false;
  window.matrix[1].clear();
  EXPECT_DOUBLE_EQ(LifeOf(window, 1).classes[0].unit.bytes, UnitOf(1, kPeriod).bytes);
}

TEST(SiteLife, DoesWithoutAllocations) {
  SiteWindow window = Window();
  window.has[2] = window.has[3] = false;
  window.matrix[2].clear();
  window.matrix[3].clear();
  for (const std::size_t site : {0U, 1U}) {
    const SiteLife life = LifeOf(window, site);
    EXPECT_EQ(life.inuse.size(), 2U);
    EXPECT_TRUE(life.alloc.empty());
    EXPECT_EQ(life.classes[0].BornSince(0), 0);
  }
  EXPECT_THAT(LifeOf(window, 0).inuse, ElementsAre(64 + (1 << 20), 128 + (3 << 20)));
}

}  // namespace
}  // namespace heapwatch
