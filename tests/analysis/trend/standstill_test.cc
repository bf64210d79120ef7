#include "analysis/trend/standstill.h"

#include <gtest/gtest.h>

#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using testing::kHour;
using testing::kMiB;
using testing::SyntheticSite;
using testing::SyntheticTarget;

constexpr SiteId kSite{std::size_t{0}};
constexpr double kSlope = 10 * kMiB / kHour;
constexpr double kStop = 10 * kHour;
constexpr double kLeastSeconds = 2 * kHour;

SyntheticSite Ramp(double until) {
  return {.function = "ramp", .live_bytes = [=](double t) { return kSlope * std::min(t, until); }};
}

SyntheticSite Requests(double load_after_stop) {
  SyntheticSite site = testing::Requests();
  site.load = [=](double t) { return t < kStop ? 1 : load_after_stop; };
  return site;
}

// Whether the first site is at a standstill at the end of `seconds`, seen leaking until kStop.
bool AtStandstill(const std::vector<SyntheticSite>& sites, double seconds) {
  const SiteWindow window = SyntheticTarget(1).Make(sites, {.seconds = seconds, .restart_at = {}});
  const Time seen = window.observations[0].time + std::chrono::hours(10);
  std::size_t until = 0;
  while (until < window.observations.size() && window.observations[until].time <= seen) ++until;
  const LeakPace pace = {.slope_bytes_per_second = kSlope,
                         .work_bytes_per_second = WorkSince(window, CurrentLife(window, until),
                                                            window.observations[0].time),
                         .seen = seen};
  return IsAtStandstill(window, CurrentLife(window, window.observations.size()), kSite, pace,
                        kLeastSeconds, 512 * 1024, {});
}

TEST(Standstill, IsSeenOnceThePaceWouldHaveBroughtWhatCounts) {
  EXPECT_FALSE(AtStandstill({Ramp(kStop), Requests(1)}, 11.5 * kHour));
  EXPECT_TRUE(AtStandstill({Ramp(kStop), Requests(1)}, 14 * kHour));
  EXPECT_FALSE(AtStandstill({Ramp(14 * kHour), Requests(1)}, 14 * kHour));
}

TEST(Standstill, IsNotSeenWhileThereIsLittleToDo) {
  EXPECT_FALSE(AtStandstill({Ramp(kStop), Requests(0.1)}, 14 * kHour));
  EXPECT_TRUE(AtStandstill({Ramp(kStop), Requests(0.1)}, 30 * kHour));
  EXPECT_TRUE(AtStandstill({Ramp(kStop), Requests(3)}, 14 * kHour));
}

// What turns over within the hour is told by sampling to some 10 MiB, and that is promised.
TEST(Standstill, IsNotSeenUnderTheNoiseOfSampling) {
  SyntheticSite noisy = Ramp(kStop);
  noisy.turnover_bytes_per_second = 100 * kMiB / kHour;
  for (double hours = 11; hours < 14; hours += 0.25)
    EXPECT_FALSE(AtStandstill({noisy, Requests(1)}, hours * kHour)) << hours;
}

// A leak of 1 MiB/h of which three hours would have brought three objects more or less.
TEST(Standstill, IsNotSeenInTooLittleToCount) {
  const SyntheticSite slow = {
      .function = "slow", .live_bytes = [](double t) { return kSlope / 10 * std::min(t, kStop); }};
  const SiteWindow window =
      SyntheticTarget(1).Make({slow}, {.seconds = 13 * kHour, .restart_at = {}});
  const LeakPace pace = {.slope_bytes_per_second = kSlope / 10,
                         .work_bytes_per_second = 0,
                         .seen = window.observations[0].time + std::chrono::hours(10)};
  EXPECT_FALSE(IsAtStandstill(window, CurrentLife(window, window.observations.size()), kSite, pace,
                              kLeastSeconds, 512 * 1024, {}));
}

TEST(Standstill, TakesNoFallForOne) {
  SyntheticSite falling = Ramp(kStop);
  falling.live_bytes = [](double t) { return t < kStop ? kSlope * t : kSlope * (2 * kStop - t); };
  EXPECT_FALSE(AtStandstill({falling, Requests(1)}, 14 * kHour));
}

TEST(Standstill, WorksWithoutAllocations) {
  SiteWindow window =
      SyntheticTarget(1).Make({Ramp(kStop)}, {.seconds = 14 * kHour, .restart_at = {}});
  window.has = {true, true, false, false};
  window.matrix[2].clear();
  window.matrix[3].clear();
  const Timeline life = CurrentLife(window, window.observations.size());
  const Time start = window.observations[0].time;
  EXPECT_EQ(WorkSince(window, life, start), 0);
  const LeakPace pace = {.slope_bytes_per_second = kSlope,
                         .work_bytes_per_second = 0,
                         .seen = start + std::chrono::hours(10)};
  EXPECT_TRUE(IsAtStandstill(window, life, kSite, pace, kLeastSeconds, 512 * 1024, {}));
}

}  // namespace
}  // namespace heapwatch
