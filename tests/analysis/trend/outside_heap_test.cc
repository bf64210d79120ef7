#include "analysis/trend/outside_heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kHour;
using testing::kMiB;
using testing::SyntheticOptions;
using testing::SyntheticTarget;

using BytesAt = std::function<double(double seconds)>;

// Twelve hours of a process whose one site holds what `heap` says, and which tells `resident`.
SiteWindow Process(const BytesAt& heap, const BytesAt& resident) {
  SiteWindow window = SyntheticTarget(3).Make(
      {{.function = "site", .object_bytes = 1 << 20, .live_bytes = heap}}, SyntheticOptions{});
  const Time start = window.observations.front().time;
  for (Observation& observation : window.observations)
    observation.resident_bytes =
        static_cast<std::int64_t>(resident(Seconds(observation.time - start)));
  return window;
}

Verdict Judge(const SiteWindow& process, const TrendOptions& options = {}) {
  const SiteWindow outside = OutsideHeap(process, options).value();
  return Analyze(outside, outside.observations.size(), OptionsOutsideHeap(outside, options)).at(0);
}

BytesAt Level(double mib) {
  return [=](double) { return mib * kMiB; };
}
BytesAt Climb(double mib, double mib_per_hour) {
  return [=](double t) { return (mib + mib_per_hour * t / kHour) * kMiB; };
}

TEST(OutsideHeap, IsALeakWhereTheProcessGrowsAndItsHeapDoesNot) {
  const Verdict verdict = Judge(Process(Level(100), Climb(300, 50)));
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_NEAR(verdict.slope_bytes_per_second * kHour / kMiB, 50, 2);
  EXPECT_THAT(verdict.reason, HasSubstr("nothing is sampled"));
}

TEST(OutsideHeap, IsQuietWhereTheHeapExplainsTheGrowth) {
  const Verdict verdict = Judge(Process(Climb(100, 25), Climb(300, 50)));
  EXPECT_EQ(verdict.kind, VerdictKind::kStable) << verdict.reason;
}

TEST(OutsideHeap, IsQuietWhereMemoryIsKeptThatTheHeapOnceNeeded) {
  const auto surge = [](double t) { return (t > 4 * kHour && t < 6 * kHour ? 400 : 100) * kMiB; };
  const auto kept = [](double t) { return (t > 4 * kHour ? 900 : 300) * kMiB; };
  const Verdict verdict = Judge(Process(surge, kept));
  EXPECT_EQ(verdict.kind, VerdictKind::kStable) << verdict.reason;
}

TEST(OutsideHeap, TakesAFewHundredthsForFragments) {
  const Verdict verdict = Judge(Process(Level(100), Climb(1000, 7)));
  EXPECT_EQ(verdict.kind, VerdictKind::kStable) << verdict.reason;
}

TEST(OutsideHeap, TakesOffTheLargestHeapOfThisLife) {
  SiteWindow window = Process(Level(0), Level(0));
  window.observations.resize(5);
  window.matrix[0] = {10, 30, 20, 5, 10};
  window.rows.resize(1);
  window.first_row = {0, 1};
  const std::int64_t resident[] = {100, 160, 160, 50, 70};
  for (std::size_t t = 0; t < 5; ++t) {
    window.observations[t].resident_bytes = resident[t];
    window.observations[t].lifetime = t < 3 ? 0 : 1;
  }
  window.observations[2].resident_bytes.reset();
  window.limit_bytes = 1000;
  const SiteWindow outside = OutsideHeap(window, {}).value();
  EXPECT_THAT(outside.matrix[0], ElementsAre(100, 120, 50, 60));
  EXPECT_EQ(outside.observations[2].time, window.observations[3].time);
  EXPECT_EQ(outside.limit_bytes, 990);
}

TEST(OutsideHeap, LeavesNothingWhereAHeapOfExtremesExplainsAll) {
  SiteWindow window = Process(Level(0), Level(0));
  window.observations.resize(3);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  window.matrix[0] = {1 - most, most, 0, 0, 1, most};  // the second row lets a total wrap around
  window.rows = {{SiteId(0U), 0}, {SiteId(0U), 1}};
  window.first_row = {0, 2};
  for (Observation& observation : window.observations) observation.resident_bytes = 100;
  window.limit_bytes = 1000;
  const SiteWindow outside = OutsideHeap(window, {}).value();
  EXPECT_THAT(outside.matrix[0], ElementsAre(100, 100, 0));
  EXPECT_EQ(outside.limit_bytes, std::nullopt);
}

TEST(OutsideHeap, IsUnknownWhereTheProcessDoesNotTell) {
  SiteWindow window = Process(Level(100), Level(100));
  for (Observation& observation : window.observations) observation.resident_bytes.reset();
  EXPECT_FALSE(OutsideHeap(window, {}));
}

}  // namespace
}  // namespace heapwatch
