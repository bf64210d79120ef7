#include "analysis/trend/catch_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using testing::kHour;
using testing::kMiB;
using testing::SyntheticOptions;
using testing::SyntheticSite;
using testing::SyntheticTarget;

SyntheticSite Leak() {
  return {.function = "leak", .live_bytes = [](double t) { return 20 * kMiB * t / kHour; }};
}

// By a tracker that has seen nothing of the window yet.
Verdict FollowAnew(const SiteWindow& window, bool is_new = true) {
  VerdictTracker tracker;
  return Follow(tracker, is_new, window, window.observations.size(), {}).at(0);
}

// A verdict needs three heap states in a row; a service that was restarted need not wait for them.
TEST(Follow, TellsAtOnceWhatANewTrackerWouldHaveKnown) {
  SyntheticOptions options;
  options.scrapes_per_gc = 3;
  const SiteWindow window = SyntheticTarget(1).Make({Leak()}, options);
  EXPECT_EQ(FollowAnew(window).kind, VerdictKind::kLeak);
  EXPECT_EQ(FollowAnew(window, false).kind, VerdictKind::kInsufficientData);
}

TEST(Follow, KnowsALeakOfAnEarlierLife) {
  SyntheticOptions options;
  options.seconds = 13 * kHour;
  options.restart_at = {12 * kHour};
  const Verdict verdict = FollowAnew(SyntheticTarget(1).Make({Leak()}, options));
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak);
  EXPECT_TRUE(verdict.carried_over_restart);
}

// A table that takes nine hours to fill, seen again when it is nearly full.
TEST(Follow, KnowsHowFarATableFilledInAnEarlierLife) {
  SyntheticOptions options;
  options.spacing_seconds = 240;
  options.seconds = 48.8 * kHour;
  options.restart_at = {40 * kHour};
  const SyntheticSite table = {.function = "table", .live_bytes = [](double t) {
                                 return std::min(180 * kMiB, 20 * kMiB * t / kHour);
                               }};
  SiteWindow window = SyntheticTarget(2).Make({table}, options);
  EXPECT_EQ(FollowAnew(window).kind, VerdictKind::kGrowing) << FollowAnew(window).reason;
  // Without that life it is a leak as far as anybody knows.
  for (Observation& observation : window.observations)
    if (observation.lifetime == 0) observation.is_new = false;
  EXPECT_EQ(FollowAnew(window).kind, VerdictKind::kLeak) << FollowAnew(window).reason;
}

TEST(Follow, TakesOneStepOfATrackerThatIsUpToDate) {
  const SiteWindow window = SyntheticTarget(1).Make({Leak()}, {});
  const std::size_t end = window.observations.size();
  VerdictTracker tracker;
  std::vector<VerdictKind> told;
  for (std::size_t to = end - 2; to <= end; ++to)
    told.push_back(Follow(tracker, false, window, to, {}).at(0).kind);
  EXPECT_EQ(told, (std::vector{VerdictKind::kInsufficientData, VerdictKind::kInsufficientData,
                               VerdictKind::kLeak}));
}

}  // namespace
}  // namespace heapwatch
