#include "alerting/alert_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/alerting/watched_service.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- the edges of the table in the header, one by one
// ---------------------------------------------

TEST(AlertState, BeginsPendingWithABadVerdict) {
  WatchedService s(WaitingFor(minutes(5)));
  EXPECT_EQ(s.Phase(), "inactive");
  EXPECT_TRUE(s.See(MakeVerdict(kLeak)).empty());
  EXPECT_EQ(s.Phase(), "pending");
  EXPECT_THAT(s.Changes(), ElementsAre("pending"));
}

TEST(AlertState, IgnoresGrowthThatMayLevelOff) {
  WatchedService s;
  for (const VerdictKind kind : {kGrowing, kPlateau, kStable, kInsufficientData})
    EXPECT_TRUE(s.SeeFor(10, MakeVerdict(kind)).empty());
  EXPECT_EQ(s.Phase(), "inactive");
}

// The verdict has waited already: see VerdictTracker.
TEST(AlertState, FiresAtOnceWithoutAForInTheRules) {
  WatchedService s;
  const auto sent = s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, s.now());
  EXPECT_EQ(sent[0].ends_at, s.now() + minutes(4));
  EXPECT_EQ(sent[0].generator_url, "http://hw:9199/x");
  EXPECT_TRUE(sent[0].is_news);
  EXPECT_FALSE(sent[0].is_resolved);
  EXPECT_THAT(s.Changes(), ElementsAre("firing"));
}

TEST(AlertState, WaitsAsLongAsTheRulesSay) {
  WatchedService s(WaitingFor(minutes(10)));
  s.SeeFor(10, MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "pending");
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_THAT(s.Changes(), ElementsAre("pending", "firing"));
}

TEST(AlertState, WaitsForANewVersionToWarmUp) {
  Config config;
  config.alerting.defaults.warm_up_after_deploy = minutes(30);
  WatchedService s(config);
  TargetVerdicts target = OneSite(Replica("a:1"), MakeVerdict(kLeak));
  target.watched_since = kStart - minutes(5);
  for (int i = 0; i < 24; ++i) EXPECT_TRUE(s.Minute({target}).empty());
  EXPECT_EQ(s.Phase(), "pending");
  EXPECT_EQ(s.Minute({target}).size(), 1U);
}

TEST(AlertState, StaysPendingWhileItIsUnknown) {
  WatchedService s(WaitingFor(minutes(5)));
  s.SeeFor(2, MakeVerdict(kLeak));
  s.SeeFor(5, MakeVerdict(kInsufficientData));
  EXPECT_EQ(s.Phase(), "pending");
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, ForgetsASuspicionThatDoesNotHold) {
  for (const Verdict& verdict : {MakeVerdict(kGrowing, 0.1), Flat()}) {
    WatchedService s(WaitingFor(minutes(5)));
    s.SeeFor(4, MakeVerdict(kLeak));
    EXPECT_TRUE(s.See(verdict).empty());
    EXPECT_EQ(s.Phase(), "inactive");
    EXPECT_THAT(s.Changes(), ElementsAre("pending", "inactive"));
    s.SeeFor(5, MakeVerdict(kLeak));
    EXPECT_EQ(s.Phase(), "pending");
  }
}

TEST(AlertState, SendsAFiringAlertAgainAndAgain) {
  Config config;
  config.alerting.resend_delay = minutes(5);
  WatchedService s(config);
  s.FireNow();
  const Time fired = s.now();
  EXPECT_TRUE(s.SeeFor(4, MakeVerdict(kLeak)).empty());
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_EQ(sent[0].ends_at, s.now() + minutes(20));
}

TEST(AlertState, LastsUntilItIsSentAgainWhereStepsAreFarApart) {
  WatchedService s;
  s.FireNow();
  s.MoveClock(minutes(9));
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ends_at, s.now() + minutes(40));
}

TEST(AlertState, HoldsWhileTheSlopeIsStillLikeTheOneAlerted) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(100, MakeVerdict(kGrowing, 1.0));  // upper bound 1.6 MiB/h of 3.1
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(17, MakeVerdict(kGrowing, 0.1));  // 0.7: under a quarter
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, HoldsWhatOnlyAllReplicasTogetherShowByTheSlopeOfAllTogether) {
  WatchedService s;
  // One alone tells nothing, not even an interval.
  Verdict alone = MakeVerdict(kStable, 0);
  alone.slope_interval = {0, 0};
  const auto together = [&](VerdictKind kind, double mib_per_hour) {
    Finding finding = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(kLeak))}).at(0);
    finding.kind = kind;
    finding.replicas.at(0).verdict = alone;
    const double slope = mib_per_hour * kMiB / 3600;
    finding.pooled = PooledGrowth{.slope_bytes_per_second = slope,
                                  .slope_interval = {0.9 * slope, 1.1 * slope},
                                  .z = 20,
                                  .total_growth_bytes = 20 * kMiB,
                                  .only_together = true};
    return finding;
  };
  for (int i = 0; i < 3; ++i) s.MinuteOf({together(kLeak, 4)});
  ASSERT_EQ(s.Phase(), "firing");
  for (int i = 0; i < 60; ++i) s.MinuteOf({together(kGrowing, 4)});
  EXPECT_EQ(s.Phase(), "firing");
  for (int i = 0; i < 16; ++i) s.MinuteOf({together(kGrowing, 0.5)});
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, HoldsASiteThatIsStableButNoisyForSixHoursAtMost) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(6 * 60, MakeVerdict(kStable, 1.0));
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(15, MakeVerdict(kStable, 1.0));
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, DoesNotBeginWithALeakThatOnlyStands) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(16, MakeVerdict(kLeak, -1.0));
  ASSERT_EQ(s.Phase(), "resolved");
  Verdict standing = MakeVerdict(kLeak, 1);
  standing.only_stands = true;
  s.SeeFor(5, standing);
  EXPECT_EQ(s.Phase(), "resolved");
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, ClearsWhenHalfOfTheGainIsGivenBack) {
  WatchedService s;
  s.FireNow();  // from 316 to 412 MiB
  Verdict v = MakeVerdict(kStable, 1.0);
  v.inuse_bytes = 370 * kMiB;
  s.SeeFor(100, v);
  EXPECT_EQ(s.Phase(), "firing");
  v.inuse_bytes = 350 * kMiB;
  s.SeeFor(17, v);
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, DoesNotTakeAProcessThatBeganAnewForOneThatGaveMemoryBack) {
  WatchedService s;
  s.FireNow();
  Verdict v = MakeVerdict(kGrowing, 3.0);
  v.inuse_bytes = 10 * kMiB;
  s.SeeFor(100, v);
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, KeepsFiringWhileAllReplicasWarmUpAfterARestart) {
  WatchedService s;
  s.FireNow();
  EXPECT_EQ(s.SeeFor(100, MakeVerdict(kInsufficientData)).size(), 100U);
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, KeepsFiringForAWhileOnceClearAndThenResolves) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(15, Flat());
  EXPECT_EQ(s.Phase(), "firing");
  const auto sent = s.See(Flat());
  EXPECT_EQ(s.Phase(), "resolved");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ends_at, s.now());
  EXPECT_GT(sent[0].ends_at, sent[0].starts_at);
  EXPECT_THAT(std::string(Get(sent[0].annotations, "resolution")), HasSubstr("stable"));
}

TEST(AlertState, StartsTheCountAgainWhenItIsBadOrHeldInBetween) {
  for (const Verdict& between : {MakeVerdict(kLeak), MakeVerdict(kGrowing, 1.0)}) {
    WatchedService s;
    s.FireNow();
    s.SeeFor(15, Flat());
    s.See(between);
    s.SeeFor(15, Flat());
    EXPECT_EQ(s.Phase(), "firing");
  }
}

TEST(AlertState, ResolvesWhenTheVersionIsGone) {
  WatchedService s;
  s.FireNow();
  for (int i = 0; i < 16; ++i) s.Minute({OneSite(Replica("a:1", "v2.5"), Flat())});
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, KnowsNothingUntilTheTargetsOfItsJobAreFound) {
  WatchedService s(WaitingFor(minutes(5)));
  s.SetFoundJobs({"another"});
  s.See(MakeVerdict(kLeak));
  s.Minute({});
  EXPECT_EQ(s.Phase(), "pending");
  s.SeeFor(5, MakeVerdict(kLeak));
  for (int i = 0; i < 60; ++i) s.Minute({});
  EXPECT_EQ(s.Phase(), "firing");
  s.SetFoundJobs({"shop"});
  for (int i = 0; i < 16; ++i) s.Minute({});
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, SendsAResolvedAlertForFifteenMinutesAndForgetsIt) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(16, Flat());
  const Time resolved = s.now();
  const auto sent = s.SeeFor(15, Flat());
  ASSERT_EQ(sent.size(), 15U);
  for (const Alert& alert : sent) EXPECT_EQ(alert.ends_at, resolved);
  EXPECT_TRUE(s.See(Flat()).empty());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertState, KeepsAResolvedAlertForADayUntilItIsTold) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(16, Flat());
  const Labels labels = s.state().Views().at(0).labels;
  s.SetUntold({labels});
  EXPECT_EQ(s.SeeFor(60, Flat()).size(), 15U);  // told again for fifteen minutes only
  s.Restart();
  s.SetUntold({});
  const auto sent = s.See(Flat());
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].is_resolved);
  EXPECT_TRUE(sent[0].is_news);
  s.SetUntold({labels});
  EXPECT_TRUE(s.SeeFor(24 * 60 - 61, Flat()).empty());
  EXPECT_EQ(s.Phase(), "resolved");
  s.See(Flat());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertState, FiresAnewAfterItResolvedAndIsNoLongerCalledResolved) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(16, Flat());
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].is_news);
  const auto views = s.state().Views();
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].phase, AlertPhase::kFiring);
  EXPECT_EQ(s.See(MakeVerdict(kLeak)).size(), 1U);
}

TEST(AlertState, EscalatesATicketToAPageButNotBack) {
  Config config;
  config.alerting.resend_delay = minutes(5);
  WatchedService s(config);
  s.See(WithLimit(20, 30));
  EXPECT_EQ(Get(s.state().Views().at(0).labels, "severity"), "ticket");
  const Time fired = s.now();
  auto sent = s.See(WithLimit(12, 23));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(Get(sent[0].labels, "severity"), "page");
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_GT(sent[0].ends_at, s.now());
  EXPECT_EQ(Get(sent[1].labels, "severity"), "ticket");
  EXPECT_EQ(sent[1].ends_at, s.now());
  s.SeeFor(16, WithLimit(20, 30));
  ASSERT_EQ(s.state().Views().size(), 1U);
  EXPECT_EQ(Get(s.state().Views()[0].labels, "severity"), "page");
}

// --- identity, text, churn

TEST(AlertState, LabelsHoldIdentityAndNothingThatChanges) {
  Config config;
  config.global.external_labels = {{"cluster", "eu-1"}, {"service", "not this"}};
  WatchedService s(config);
  s.FireNow();
  const auto first = s.See(MakeVerdict(kLeak, 3.1)).at(0);
  EXPECT_EQ(first.labels, (Labels{{"alertname", "HeapLeak"},
                                  {"cluster", "eu-1"},
                                  {"function", "github.com/acme/shop/cache.(*Store).Set"},
                                  {"job", "shop"},
                                  {"region", "eu-west"},
                                  {"service", "checkout"},
                                  {"severity", "ticket"},
                                  {"site", StoreSet().id_text()},
                                  {"version", "v2.4"}}));
  // A replica elsewhere joins: what the replicas share changes, the alert's identity does not.
  Labels elsewhere = Replica("b:1");
  elsewhere["region"] = "us-east";
  const auto second = s.Minute(
      {OneSite(Replica("a:1"), MakeVerdict(kLeak, 8)), OneSite(elsewhere, MakeVerdict(kLeak, 9))});
  EXPECT_EQ(second.at(0).labels, first.labels);
}

TEST(AlertState, KeepsATargetLabelThatHasTheNameOfAnIdentityLabelUnderAnother) {
  WatchedService s;
  Labels target = Replica("a:1");
  target["site"] = "frankfurt";
  target["severity"] = "low";
  s.Minute({OneSite(target, MakeVerdict(kLeak))});
  const auto views = s.state().Views();
  EXPECT_EQ(Get(views.at(0).labels, "exported_site"), "frankfurt");
  EXPECT_EQ(Get(views.at(0).labels, "site"), StoreSet().id_text());
  EXPECT_EQ(Get(views.at(0).labels, "exported_severity"), "low");
  EXPECT_EQ(Get(views.at(0).labels, "severity"), "ticket");
}

TEST(AlertState, WritesItsTextWhenItFiresAndThenHourly) {
  WatchedService s;
  s.FireNow();
  EXPECT_EQ(s.described(), 1);
  s.SeeFor(59, MakeVerdict(kLeak));
  EXPECT_EQ(s.described(), 1);
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.described(), 2);
}

TEST(AlertState, KeepsItsTextWhileTheLatestFiguresDoNotShowTheLeak) {
  WatchedService s;
  s.FireNow();
  s.SeeFor(100, MakeVerdict(kLeak, 0.1));
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_EQ(s.described(), 1);
}

TEST(AlertState, ChurnIsAnAlertOfItsOwnWithItsOwnHysteresis) {
  WatchedService s;
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 400 * kMiB;
  s.See(churn);
  ASSERT_EQ(s.Phase(), "firing");
  EXPECT_EQ(Get(s.state().Views()[0].labels, "alertname"), "HeapGCChurn");
  Verdict calmer = Flat();
  calmer.alloc_bytes_per_second = 310 * kMiB;
  s.SeeFor(100, calmer);
  EXPECT_EQ(s.Phase(), "firing");
  calmer.alloc_bytes_per_second = 290 * kMiB;
  s.SeeFor(16, calmer);
  EXPECT_EQ(s.Phase(), "resolved");
}

// --- restart, bounds

TEST(AlertState, NeitherFiresAnewNorForgetsOverARestart) {
  WatchedService s(WaitingFor(minutes(2)));
  s.SeeFor(2, MakeVerdict(kLeak));
  s.Restart();
  EXPECT_EQ(s.See(MakeVerdict(kLeak)).size(), 1U);  // the third minute
  const Time fired = s.now();
  s.Restart();
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_FALSE(sent[0].is_news);
  EXPECT_EQ(Get(sent[0].annotations, "summary"), "text 1");
  s.SeeFor(10, Flat());
  s.Restart();
  s.SeeFor(5, Flat());
  EXPECT_EQ(s.Phase(), "firing");
  s.See(Flat());
  EXPECT_EQ(s.Phase(), "resolved");
  s.Restart();
  EXPECT_EQ(s.SeeFor(20, Flat()).size(), 15U);
}

TEST(AlertState, CountsFromNowWhereTheClockWasSetBack) {
  WatchedService s(WaitingFor(minutes(5)));
  s.See(MakeVerdict(kLeak));
  s.MoveClock(-std::chrono::hours(1));
  s.SeeFor(6, MakeVerdict(kLeak));
  ASSERT_EQ(s.Phase(), "firing");
  s.MoveClock(-std::chrono::hours(1));
  const auto sent = s.SeeFor(2, MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_LT(sent[0].starts_at, sent[0].ends_at);
  s.See(Flat());
  s.MoveClock(-std::chrono::hours(1));
  s.SeeFor(16, Flat());
  EXPECT_EQ(s.Phase(), "resolved");
  s.MoveClock(-std::chrono::hours(1));
  s.SeeFor(17, Flat());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertState, FollowsABoundedNumberOfSuspicions) {
  AlertState state{Config{}};
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 300 * kMiB;
  TargetVerdicts target = OneSite(Replica("a:1"), MakeVerdict(kLeak));
  target.verdicts.clear();
  target.sites.clear();
  for (std::size_t i = 0; i < AlertState::kMaxAlerts + 5; ++i) {
    target.sites.push_back({.function = "f" + std::to_string(i), .file = ""});
    target.verdicts.push_back(churn);
    target.verdicts.back().site = SiteId(i);
  }
  std::vector<Finding> findings = GroupFindings({target});
  for (Finding& finding : findings) finding.replicas[0].process_alloc_bytes_per_second = 0;
  const auto describe = [](const Finding&, const Labels&) { return AlertText{}; };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(state.Step(findings, {}, kStart, describe).left_out, 5U);
    EXPECT_EQ(state.Views().size(), AlertState::kMaxAlerts);
  }
}

// Whatever is seen, in whatever order, with restarts and acknowledgements: an alert that resolves
// has fired for keep_firing_for at least, and between two times that it begins to fire lie
// keep_firing_for and `for`.
TEST(AlertState, NeverFlapsFasterThanTheHysteresisAllows) {
  const std::vector<Verdict> choices = {
      MakeVerdict(kLeak),         MakeVerdict(kLeak, 9), Flat(),
      MakeVerdict(kGrowing, 0.2), MakeVerdict(kGrowing), MakeVerdict(kInsufficientData),
      MakeVerdict(kPlateau, 0),   WithLimit(2, 3)};
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    WatchedService s(WaitingFor(minutes(seed % 4)));
    std::string phase = "inactive";
    std::optional<Time> fired;
    std::size_t choice = 0;
    for (int i = 0; i < 500; ++i) {
      if (random() % 6 == 0) choice = random() % choices.size();
      if (random() % 20 == 0) s.Restart();
      if (random() % 40 == 0) {
        EXPECT_TRUE(s.acks().Add(AckFor(s, minutes(1 + random() % 30))).has_value());
      }
      random() % 30 == 0 ? s.Minute({}) : s.See(choices[choice]);
      const std::string next = s.Phase();
      if (next == "firing" && phase != "firing") {
        if (fired) {
          EXPECT_GE(s.now() - *fired, minutes(15 + seed % 4)) << "seed " << seed;
        }
        fired = s.now();
      }
      if (phase == "firing" && next != "firing") {
        EXPECT_EQ(next, "resolved");
        EXPECT_GE(s.now() - *fired, minutes(15)) << "seed " << seed;
      }
      phase = next;
    }
  }
}

}  // namespace
}  // namespace heapwatch
