#include "analysis/trend/timeline.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

// One site that allocates `rate` bytes per second of real time; `stamps` are what the clock said at
// each of `real` seconds.
SiteWindow WindowOf(const std::vector<double>& real, const std::vector<double>& stamps) {
  SiteWindow window;
  window.has = {true, true, true, true};
  window.sites.push_back({.function = "main.f", .file = "", .line = 0});
  window.rows.push_back({.site = SiteId(std::size_t{0}), .block_bytes = 64});
  window.first_row = {0, 1};
  for (std::size_t i = 0; i < real.size(); ++i) {
    window.observations.push_back({.time = FromUnixMillis(std::llround(stamps[i] * 1000)),
                                   .sampling_period_bytes = 524'288,
                                   .lifetime = 0,
                                   .build = 0,
                                   .is_new = true});
    for (std::size_t q = 0; q < kQuantityCount; ++q) {
      window.matrix[q].push_back(q < 2 ? 1000 : std::llround(real[i] * 1e6));
    }
  }
  return window;
}

TEST(Timeline, KeepsAnHonestClock) {
  const Timeline life = CurrentLife(WindowOf({0, 60, 125, 180}, {0, 60, 125, 180}), 4);
  EXPECT_EQ(life.seconds, (std::vector<double>{0, 60, 125, 180}));
}

TEST(Timeline, TakesAClockSetBackForOneUsualStep) {
  const Timeline life =
      CurrentLife(WindowOf({0, 60, 120, 180, 240}, {7200, 7260, 7320, 180, 240}), 5);
  EXPECT_EQ(life.seconds, (std::vector<double>{0, 60, 120, 180, 240}));
}

TEST(Timeline, TakesAClockSetForwardForOneUsualStep) {
  const Timeline life = CurrentLife(WindowOf({0, 60, 120, 180, 240}, {0, 60, 120, 7380, 7440}), 5);
  EXPECT_NEAR(life.seconds.back(), 240, 1);
}

TEST(Timeline, KeepsTheClockWhereTheScrapesBecomeDenserOrRarer) {
  std::vector<double> seconds = {0};
  for (int i = 0; i < 50; ++i) seconds.push_back(seconds.back() + 60);
  for (int i = 0; i < 20; ++i) seconds.push_back(seconds.back() + 10);
  for (int i = 0; i < 5; ++i) seconds.push_back(seconds.back() + 300);
  for (std::size_t end : {56U, 71U, 76U})
    EXPECT_EQ(CurrentLife(WindowOf(seconds, seconds), end).seconds.back(), seconds[end - 1]) << end;
}

TEST(Timeline, KeepsAGapInWhichTheProcessWorkedOn) {
  const Timeline life =
      CurrentLife(WindowOf({0, 60, 120, 7320, 7380}, {0, 60, 120, 7320, 7380}), 5);
  EXPECT_NEAR(life.seconds.back(), 7380, 1);
}

TEST(Timeline, LeavesOutRepeatsAndEarlierLives) {
  SiteWindow window = WindowOf({0, 60, 120, 180, 240}, {0, 60, 120, 180, 240});
  window.observations[0].lifetime = 0;
  for (std::size_t i = 1; i < 5; ++i) window.observations[i].lifetime = 1;
  window.observations[3].is_new = false;
  const Timeline life = CurrentLife(window, 5);
  EXPECT_EQ(life.columns, (std::vector<std::uint32_t>{1, 2, 4}));
  EXPECT_EQ(life.seconds, (std::vector<double>{0, 60, 180}));
}

TEST(AllocatedBetween, HoldsForAnyTwoValues) {
  SiteWindow window = WindowOf({0, 60}, {0, 60});
  auto& bytes = window.matrix[static_cast<std::size_t>(Quantity::kAllocSpace)];
  bytes = {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(AllocatedBetween(window, 0, 1), 0x1p64);
}

}  // namespace
}  // namespace heapwatch
