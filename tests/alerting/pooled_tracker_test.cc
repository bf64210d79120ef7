#include "alerting/pooled_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

using enum VerdictKind;

Finding Together(VerdictKind kind, double mib_per_hour = 4) {
  Finding finding = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(kGrowing))}).at(0);
  finding.kind = kind;
  const double slope = mib_per_hour * kMiB / 3600;
  finding.pooled = PooledGrowth{.slope_bytes_per_second = slope,
                                .slope_interval = {0.9 * slope, 1.1 * slope},
                                .z = 45,
                                .total_growth_bytes = 20 * kMiB,
                                .only_together = kind == kLeak};
  return finding;
}

VerdictKind Stands(PooledTracker& tracker, Finding finding) {
  std::vector<Finding> findings = {std::move(finding)};
  tracker.Step(findings);
  return findings.at(0).kind;
}

TEST(PooledTracker, LetsALeakStandOnceItWasSeenThreeTimesInARow) {
  PooledTracker tracker;
  EXPECT_EQ(Stands(tracker, Together(kLeak)), kGrowing);
  EXPECT_EQ(Stands(tracker, Together(kLeak)), kGrowing);
  EXPECT_EQ(Stands(tracker, Together(kGrowing)), kGrowing);
  EXPECT_EQ(Stands(tracker, Together(kLeak)), kGrowing);
  EXPECT_EQ(Stands(tracker, Together(kLeak)), kGrowing);
  EXPECT_EQ(Stands(tracker, Together(kLeak)), kLeak);
}

PooledTracker Leaking() {
  PooledTracker tracker;
  for (int i = 0; i < 3; ++i) Stands(tracker, Together(kLeak));
  return tracker;
}

TEST(PooledTracker, DoesNotWaverWhileTheSiteGrows) {
  PooledTracker tracker = Leaking();
  std::vector<Finding> findings = {Together(kGrowing)};
  tracker.Step(findings);
  EXPECT_EQ(findings[0].kind, kLeak);
  EXPECT_TRUE(findings[0].only_together());
  EXPECT_THAT(findings[0].reason, ::testing::StartsWith("a leak until it is seen to end; now: "));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Stands(tracker, Together(kGrowing)), kLeak);
}

TEST(PooledTracker, EndsALeakThatWasNotSeenToGrowThreeTimesInARow) {
  for (const Finding& flat : {Together(kPlateau, 0), Together(kGrowing, 0.5)}) {
    PooledTracker tracker = Leaking();
    EXPECT_EQ(Stands(tracker, flat), kLeak);
    EXPECT_EQ(Stands(tracker, flat), kLeak);
    EXPECT_EQ(Stands(tracker, flat), flat.kind);
    EXPECT_EQ(Stands(tracker, Together(kGrowing)), kGrowing);
  }
}

TEST(PooledTracker, RemembersALeakOfWhichNothingIsToldForAMoment) {
  PooledTracker tracker = Leaking();
  std::vector<Finding> none;
  tracker.Step(none);
  tracker.Step(none);
  EXPECT_EQ(Stands(tracker, Together(kGrowing)), kLeak);
  for (int i = 0; i < 3; ++i) tracker.Step(none);
  EXPECT_EQ(Stands(tracker, Together(kGrowing)), kGrowing);
}

TEST(PooledTracker, LeavesWhatAReplicaShowsAloneAsItIs) {
  PooledTracker tracker;
  Finding alone = Together(kLeak);
  alone.pooled->only_together = false;
  EXPECT_EQ(Stands(tracker, alone), kLeak);
  EXPECT_EQ(Stands(tracker, Together(kGrowing)), kGrowing);
}

}  // namespace
}  // namespace heapwatch
