// The verdict that stands, from verdicts made up by hand: one site, looked at again and again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "analysis/trend/verdict_tracker.h"

namespace heapwatch {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

constexpr double kMiB = 1 << 20;
constexpr double kHour = 3600;

struct Look {
  VerdictKind kind = VerdictKind::kStable;
  double inuse_mib = 0;
  double growth_mib = 0;
  double mib_per_hour = 0;
  bool only_patience_lacks = false;
};

Look Leaks(double inuse_mib, double growth_mib, double mib_per_hour = 1) {
  return {VerdictKind::kLeak, inuse_mib, growth_mib, mib_per_hour};
}
Look Waits(double inuse_mib, double mib_per_hour) {
  return {VerdictKind::kGrowing, inuse_mib, inuse_mib, mib_per_hour, true};
}
Look Grows(double inuse_mib) { return {VerdictKind::kGrowing, inuse_mib, inuse_mib, 1}; }
Look IsLevel(double inuse_mib) { return {VerdictKind::kPlateau, inuse_mib}; }
Look IsStable(double inuse_mib) { return {VerdictKind::kStable, inuse_mib}; }
Look WarmsUp(double inuse_mib) { return {VerdictKind::kInsufficientData, inuse_mib}; }

class StandingVerdict : public ::testing::Test {
 protected:
  StandingVerdict() {
    window_.has[0] = true;
    window_.sites = {{.function = "site"}};
    window_.rows = {{SiteId(0U), 64}};
    window_.first_row = {0, 1};
  }

  // What stands after one more look.
  Verdict After(const Look& look, Duration later = minutes(5), bool is_new = true) {
    now_ += later;
    window_.observations.push_back({.time = now_, .lifetime = life_, .is_new = is_new});
    window_.matrix[0].push_back(static_cast<std::int64_t>(look.inuse_mib * kMiB));
    Verdict verdict;
    verdict.site = SiteId(0U);
    verdict.kind = look.kind;
    verdict.reason = "as seen now";
    verdict.from = verdict.to = now_;
    verdict.inuse_bytes = look.inuse_mib * kMiB;
    verdict.growth_bytes = look.growth_mib * kMiB;
    verdict.slope_bytes_per_second = look.mib_per_hour * kMiB / kHour;
    verdict.only_patience_lacks = look.only_patience_lacks;
    return tracker_.Step(window_, window_.observations.size(), {verdict}, {}).at(0);
  }
  Verdict AfterThree(const Look& look, Duration later = minutes(5)) {
    After(look, later);
    After(look, later);
    return After(look, later);
  }
  void Restart() { ++life_; }

 private:
  SiteWindow window_;
  VerdictTracker tracker_;
  Time now_ = FromUnixMillis(1'750'000'000'000);
  std::uint32_t life_ = 0;
};

TEST_F(StandingVerdict, IsTheFirstAtOnceUnlessThatIsAGrowth) {
  EXPECT_EQ(After(Grows(10)).kind, VerdictKind::kInsufficientData);
  EXPECT_EQ(After(IsStable(10)).kind, VerdictKind::kStable);
  EXPECT_EQ(After(IsLevel(10)).kind, VerdictKind::kStable);
  Restart();
  EXPECT_EQ(After(WarmsUp(1)).kind, VerdictKind::kInsufficientData);
  EXPECT_EQ(After(IsStable(10)).kind, VerdictKind::kStable);
}

TEST_F(StandingVerdict, CountsAHeapStateOnceAndNeedsThreeInARow) {
  After(Leaks(50, 40));
  After(Leaks(50, 40));
  EXPECT_NE(After(Leaks(50, 40), minutes(5), false).kind, VerdictKind::kLeak);
  EXPECT_NE(After(Grows(50)).kind, VerdictKind::kLeak);
  EXPECT_EQ(AfterThree(Leaks(50, 40)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, TakesNewHeapStatesUnderAClockThatWasSetBack) {
  After(Leaks(50, 40));
  EXPECT_NE(After(Leaks(50, 40), minutes(-60), false).kind, VerdictKind::kLeak);
  After(Leaks(50, 40), minutes(-60));
  EXPECT_EQ(After(Leaks(50, 40), minutes(-60)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, EndsWhereHalfOfTheGrowthWasGivenBack) {
  AfterThree(Leaks(50, 40));
  After(Leaks(50, 10));  // of the most that it grew
  EXPECT_EQ(AfterThree(IsStable(31)).kind, VerdictKind::kLeak);
  EXPECT_EQ(AfterThree(Grows(29)).kind, VerdictKind::kLeak);
  EXPECT_EQ(AfterThree(IsStable(29)).kind, VerdictKind::kStable);
}

TEST_F(StandingVerdict, GivesNothingBackOfWhatWasThereBeforeItLeaked) {
  AfterThree(IsStable(500));
  AfterThree(IsStable(50));
  AfterThree(Leaks(100, 50));
  EXPECT_EQ(AfterThree(IsStable(100)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, EndsWhereNothingWasSeenForAsLongAsAGrowthIsWaitedFor) {
  AfterThree(Leaks(50, 40));
  for (int i = 0; i < 14; ++i)
    EXPECT_EQ(After(IsStable(50), minutes(10)).kind, VerdictKind::kLeak) << i;
  EXPECT_EQ(After(IsStable(50), minutes(10)).kind, VerdictKind::kStable);  // 2.4 h
}

TEST_F(StandingVerdict, IsPutOffByGrowthInBetween) {
  AfterThree(Leaks(50, 40));
  for (int i = 0; i < 10; ++i) After(IsStable(50), minutes(10));
  AfterThree(Grows(50), minutes(10));
  for (int i = 0; i < 14; ++i)
    EXPECT_EQ(After(IsStable(50), minutes(10)).kind, VerdictKind::kLeak) << i;
}

// 20 MiB/h, and 28 MiB must have been to expect.
TEST_F(StandingVerdict, OutlastsARestartUntilTheNewProcessHadTimeToShowTheLeak) {
  AfterThree(Leaks(100, 90, 20));
  After(Grows(100));  // slowly; the slope of the leak counts
  Restart();
  EXPECT_EQ(AfterThree(WarmsUp(2)).kind, VerdictKind::kLeak);
  // From here on; what fills while it warms up tells nothing.
  EXPECT_EQ(
      After(IsStable(20)).reason,
      "leaked before the restart and has not yet had time to show it again; now: as seen now");
  for (int i = 0; i < 8; ++i) {
    const Verdict verdict = After(IsStable(25), minutes(10));
    EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << i;
    EXPECT_TRUE(verdict.carried_over_restart);
  }
  EXPECT_EQ(After(IsStable(25), minutes(10)).kind, VerdictKind::kStable);
}

TEST_F(StandingVerdict, OutlastsARestartWhereAQuarterOfTheLeakIsSeenAgain) {
  AfterThree(Leaks(100, 90, 20));
  Restart();
  After(IsStable(2));
  for (int i = 1; i < 20; ++i)
    EXPECT_EQ(After(IsStable(2 + i), minutes(10)).kind, VerdictKind::kLeak) << i;
}

TEST_F(StandingVerdict, IsOfThisLifeOnceTheLeakWasSeenAgain) {
  AfterThree(Leaks(100, 90));
  Restart();
  EXPECT_TRUE(After(Leaks(20, 10)).carried_over_restart);
  EXPECT_FALSE(AfterThree(Leaks(20, 10)).carried_over_restart);
  EXPECT_EQ(After(IsStable(20)).reason, "a leak until it is seen to end; now: as seen now");
  // Nothing of this life was given back.
  EXPECT_EQ(AfterThree(IsStable(20)).kind, VerdictKind::kLeak);
  EXPECT_FALSE(After(Leaks(20, 10)).carried_over_restart);
}

TEST_F(StandingVerdict, IsNoLeakWhereItFillsUpToWhereItStoodBefore) {
  AfterThree(IsLevel(100));
  Restart();
  EXPECT_EQ(AfterThree(Leaks(110, 60)).kind, VerdictKind::kGrowing);
  EXPECT_THAT(After(Leaks(110, 60)).reason,
              HasSubstr("before the restart it levelled off at 100 MiB, and it is not higher"));
  EXPECT_EQ(AfterThree(Leaks(120, 60)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, IsALeakWhereMostOfTheGrowthLiesAboveWhereItStoodBefore) {
  AfterThree(IsLevel(100));
  Restart();
  EXPECT_EQ(AfterThree(Leaks(110, 15)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, RemembersTheHighestLevelOfAllLives) {
  AfterThree(IsLevel(100));
  After(IsLevel(60));  // a plateau stands for the most it was
  for (int life = 0; life < 2; ++life) {
    Restart();
    AfterThree(IsLevel(70));
  }
  Restart();
  EXPECT_EQ(AfterThree(Leaks(90, 60)).kind, VerdictKind::kGrowing);
}

// Stable at 40 in the end: that it once was at 100 no longer tells where it fills to.
TEST_F(StandingVerdict, RemembersWhereAStableSiteStoodInTheEnd) {
  AfterThree(IsStable(100));
  AfterThree(IsStable(40));
  Restart();
  EXPECT_EQ(AfterThree(Leaks(90, 60)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, RemembersTheHighestOfTheLifeThatLevelledOff) {
  AfterThree(IsStable(100));
  AfterThree(IsStable(40));
  Restart();
  AfterThree(IsLevel(60));
  Restart();
  EXPECT_EQ(AfterThree(Leaks(90, 60)).kind, VerdictKind::kLeak);
}

TEST_F(StandingVerdict, IsStableBelowWhereItOnceLevelledOff) {
  AfterThree(IsLevel(100));
  Restart();
  EXPECT_EQ(AfterThree(IsStable(50)).kind, VerdictKind::kStable);
}

TEST_F(StandingVerdict, ForgetsWhereALeakOnceLevelledOff) {
  AfterThree(IsLevel(100));
  Restart();
  AfterThree(Leaks(200, 150));
  Restart();
  EXPECT_FALSE(AfterThree(Leaks(90, 60)).only_stands);
}

TEST_F(StandingVerdict, TellsThatAGrowthIsThatOfTheLifeBefore) {
  AfterThree(Waits(60, 20));
  Restart();
  EXPECT_TRUE(After(Waits(5, 20)).carried_over_restart);
  EXPECT_TRUE(After(Waits(5, 75)).carried_over_restart);
  EXPECT_FALSE(After(Waits(5, 85)).carried_over_restart);
  EXPECT_TRUE(After(Waits(5, 5.5)).carried_over_restart);
  EXPECT_FALSE(After(Waits(5, 4.5)).carried_over_restart);
  EXPECT_THAT(After(Leaks(100, 90, 20)).reason, HasSubstr("in the same way before the restart"));
}

TEST_F(StandingVerdict, ForgetsAGrowthThatLevelledOffInTheNextLife) {
  AfterThree(Waits(60, 20));
  Restart();
  After(IsLevel(2));
  After(IsLevel(22), minutes(90));  // 30 MiB were to expect, 20 have come
  EXPECT_TRUE(After(Waits(22, 20)).carried_over_restart);
  After(IsLevel(14));
  EXPECT_FALSE(After(Waits(22, 20)).carried_over_restart);
}

// What levels off before the restart goes on in no life after it.
TEST_F(StandingVerdict, TellsNoGrowthThatEndedBeforeTheRestart) {
  AfterThree(Waits(60, 20));
  After(IsLevel(60));
  Restart();
  EXPECT_FALSE(After(Waits(5, 20)).carried_over_restart);
}

}  // namespace
}  // namespace heapwatch
