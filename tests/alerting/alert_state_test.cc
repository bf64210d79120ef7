#include "alerting/alert_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

// A service of one replica that is evaluated every minute, each time after another GC cycle.
class Service {
 public:
  explicit Service(Config config = {}) : config_(std::move(config)), state_(config_) {}

  std::vector<Alert> Minute(std::vector<TargetVerdicts> targets) {
    now_ += minutes(1);
    return state_.Step(GroupFindings(targets, state_.Watched()), now_, [this](const Finding&) {
      ++described_;
      return AlertText{{{"summary", "text " + std::to_string(described_)}}, "http://hw:9199/x"};
    });
  }
  std::vector<Alert> See(const Verdict& verdict) {
    return Minute({OneSite(Replica("a:1"), verdict, ++cycles_)});
  }
  std::vector<Alert> SeeFor(int n, const Verdict& verdict) {
    std::vector<Alert> all;
    for (int i = 0; i < n; ++i)
      for (Alert& alert : See(verdict)) all.push_back(std::move(alert));
    return all;
  }
  void FireNow() {
    SeeFor(3, MakeVerdict(kLeak));
    ASSERT_EQ(Phase(), "firing");
  }
  // Of the only alert.
  std::string Phase() const {
    const auto views = state_.Views();
    return views.empty() ? "inactive" : std::string(ToString(views.front().phase));
  }
  void Restart() {
    AlertState restored(config_);
    ASSERT_TRUE(restored.Restore(state_.Save()).has_value());
    state_ = std::move(restored);
  }
  AlertState& state() { return state_; }
  Time now() const { return now_; }
  int described() const { return described_; }
  std::uint64_t& cycles() { return cycles_; }

 private:
  Config config_;
  AlertState state_;
  Time now_ = kStart;
  std::uint64_t cycles_ = 100;
  int described_ = 0;
};

Verdict Flat() {
  return MakeVerdict(kStable, 0);
}  // the upper bound is 0.6 MiB/h, under 25 % of 3.1

Verdict WithLimit(double low_hours, double high_hours) {
  Verdict v = MakeVerdict(kLeak);
  v.seconds_to_limit = Interval{low_hours * 3600, high_hours * 3600};
  return v;
}

// --- the edges of the table in the header, one by one
// ---------------------------------------------

TEST(AlertState, BeginsPendingWithABadVerdict) {
  Service s;
  EXPECT_EQ(s.Phase(), "inactive");
  EXPECT_TRUE(s.See(MakeVerdict(kLeak)).empty());
  EXPECT_EQ(s.Phase(), "pending");
}

TEST(AlertState, IgnoresGrowthThatMayLevelOff) {
  Service s;
  for (const VerdictKind kind : {kGrowing, kPlateau, kStable, kInsufficientData})
    EXPECT_TRUE(s.SeeFor(10, MakeVerdict(kind)).empty());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertState, FiresAfterEnoughEvaluations) {
  Service s;
  s.SeeFor(2, MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "pending");
  const auto sent = s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, s.now());
  EXPECT_EQ(sent[0].ends_at, s.now() + minutes(4));
  EXPECT_EQ(sent[0].generator_url, "http://hw:9199/x");
}

TEST(AlertState, CountsOnlyEvaluationsOfNewCollections) {
  Service s;
  for (int i = 0; i < 10; ++i) s.Minute({OneSite(Replica("a:1"), MakeVerdict(kLeak), 100)});
  EXPECT_EQ(s.Phase(), "pending");
  s.Minute({OneSite(Replica("a:1"), MakeVerdict(kLeak), 101)});
  s.Minute({OneSite(Replica("a:1"), MakeVerdict(kLeak), 102)});
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, WaitsAsLongAsTheRulesSay) {
  Config config;
  config.alerting.hold_for = minutes(10);
  Service s(config);
  s.SeeFor(10, MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "pending");
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, FiresAtOnceWhereOneEvaluationIsEnough) {
  Config config;
  config.alerting.evaluations = 1;
  Service s(config);
  EXPECT_EQ(s.See(MakeVerdict(kLeak)).size(), 1U);
}

TEST(AlertState, StaysPendingButDoesNotCountWhileItIsUnknown) {
  Service s;
  s.SeeFor(2, MakeVerdict(kLeak));
  s.SeeFor(5, MakeVerdict(kInsufficientData));
  EXPECT_EQ(s.Phase(), "pending");
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, ForgetsASuspicionThatDoesNotHold) {
  for (const Verdict& verdict : {MakeVerdict(kGrowing), Flat()}) {
    Service s;
    s.SeeFor(2, MakeVerdict(kLeak));
    EXPECT_TRUE(s.See(verdict).empty());
    EXPECT_EQ(s.Phase(), "inactive");
    s.SeeFor(2, MakeVerdict(kLeak));
    EXPECT_EQ(s.Phase(), "pending");
  }
}

TEST(AlertState, SendsAFiringAlertAgainAndAgain) {
  Config config;
  config.alerting.resend_delay = minutes(5);
  Service s(config);
  s.FireNow();
  const Time fired = s.now();
  EXPECT_TRUE(s.SeeFor(4, MakeVerdict(kLeak)).empty());
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_EQ(sent[0].ends_at, s.now() + minutes(20));
}

TEST(AlertState, HoldsWhileTheSlopeIsStillLikeTheOneAlerted) {
  Service s;
  s.FireNow();
  s.SeeFor(100, MakeVerdict(kGrowing, 1.0));  // upper bound 1.6 MiB/h of 3.1
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(17, MakeVerdict(kGrowing, 0.1));  // 0.7: under a quarter
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, HoldsASiteThatIsStableButNoisyForSixHoursAtMost) {
  Service s;
  s.FireNow();
  s.SeeFor(6 * 60, MakeVerdict(kStable, 1.0));
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(15, MakeVerdict(kStable, 1.0));
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, DoesNotHoldForEverWhatFiredWithoutASlope) {
  Service s;
  s.SeeFor(3, MakeVerdict(kLeak, 0));
  ASSERT_EQ(s.Phase(), "firing");
  s.SeeFor(6 * 60 + 16, MakeVerdict(kStable, 0));
  EXPECT_NE(s.Phase(), "firing");
}

TEST(AlertState, ClearsWhenHalfOfTheGainIsGivenBack) {
  Service s;
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
  Service s;
  s.FireNow();
  Verdict v = MakeVerdict(kGrowing, 3.0);
  v.inuse_bytes = 10 * kMiB;
  s.SeeFor(100, v);
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, KeepsFiringWhileAllReplicasWarmUpAfterARestart) {
  Service s;
  s.FireNow();
  EXPECT_EQ(s.SeeFor(100, MakeVerdict(kInsufficientData)).size(), 100U);
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, KeepsFiringForAWhileOnceClearAndThenResolves) {
  Service s;
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
    Service s;
    s.FireNow();
    s.SeeFor(15, Flat());
    s.See(between);
    s.SeeFor(15, Flat());
    EXPECT_EQ(s.Phase(), "firing");
  }
}

TEST(AlertState, ResolvesWhenTheVersionIsGone) {
  Service s;
  s.FireNow();
  for (int i = 0; i < 16; ++i) s.Minute({OneSite(Replica("a:1", "v2.5"), Flat())});
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertState, SendsAResolvedAlertForFifteenMinutesAndForgetsIt) {
  Service s;
  s.FireNow();
  s.SeeFor(16, Flat());
  const Time resolved = s.now();
  const auto sent = s.SeeFor(15, Flat());
  ASSERT_EQ(sent.size(), 15U);
  for (const Alert& alert : sent) EXPECT_EQ(alert.ends_at, resolved);
  EXPECT_TRUE(s.See(Flat()).empty());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertState, FiresAnewAfterItResolvedAndIsNoLongerCalledResolved) {
  Service s;
  s.FireNow();
  s.SeeFor(16, Flat());
  s.SeeFor(3, MakeVerdict(kLeak));
  const auto views = s.state().Views();
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].phase, AlertPhase::kFiring);
  EXPECT_EQ(s.See(MakeVerdict(kLeak)).size(), 1U);
}

TEST(AlertState, EscalatesATicketToAPageButNotBack) {
  Config config;
  config.alerting.resend_delay = minutes(5);
  Service s(config);
  s.SeeFor(3, WithLimit(20, 30));
  EXPECT_EQ(Get(s.state().Views().at(0).labels, "severity"), "ticket");
  const Time fired = s.now();
  auto sent = s.See(WithLimit(12, 23));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(Get(sent[0].labels, "severity"), "page");
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_GT(sent[0].ends_at, s.now());
  EXPECT_EQ(Get(sent[1].labels, "severity"), "ticket");
  EXPECT_EQ(sent[1].ends_at, s.now());
  s.SeeFor(20, WithLimit(20, 30));
  ASSERT_EQ(s.state().Views().size(), 1U);
  EXPECT_EQ(Get(s.state().Views()[0].labels, "severity"), "page");
}

// --- identity, text, churn
// -------------------------------------------------------------------------

TEST(AlertState, LabelsHoldIdentityAndNothingThatChanges) {
  Config config;
  config.global.external_labels = {{"cluster", "eu-1"}, {"service", "not this"}};
  Service s(config);
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
  Service s;
  Labels target = Replica("a:1");
  target["site"] = "frankfurt";
  for (std::uint64_t i = 0; i < 3; ++i) s.Minute({OneSite(target, MakeVerdict(kLeak), 100 + i)});
  const auto views = s.state().Views();
  EXPECT_EQ(Get(views.at(0).labels, "exported_site"), "frankfurt");
  EXPECT_EQ(Get(views.at(0).labels, "site"), StoreSet().id_text());
}

TEST(AlertState, WritesItsTextWhenItFiresAndThenHourly) {
  Service s;
  s.FireNow();
  EXPECT_EQ(s.described(), 1);
  s.SeeFor(59, MakeVerdict(kLeak));
  EXPECT_EQ(s.described(), 1);
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.described(), 2);
}

TEST(AlertState, KeepsItsTextWhileTheLatestFiguresDoNotShowTheLeak) {
  Service s;
  s.FireNow();
  s.SeeFor(100, MakeVerdict(kLeak, 0.1));
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_EQ(s.described(), 1);
}

TEST(AlertState, ChurnIsAnAlertOfItsOwnWithItsOwnHysteresis) {
  Service s;
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 400 * kMiB;
  s.SeeFor(3, churn);
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
// -------------------------------------------------------------------------------

TEST(AlertState, NeitherFiresAnewNorForgetsOverARestart) {
  Service s;
  s.SeeFor(2, MakeVerdict(kLeak));
  s.Restart();
  EXPECT_EQ(s.See(MakeVerdict(kLeak)).size(), 1U);  // the third evaluation
  const Time fired = s.now();
  s.Restart();
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].starts_at, fired);
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

TEST(AlertState, SavesTheSameTextAfterRestoring) {
  Service s;
  s.SeeFor(4, WithLimit(20, 30));
  s.See(WithLimit(2, 3));
  const std::string saved = s.state().Save();
  s.Restart();
  EXPECT_EQ(s.state().Save(), saved);
}

TEST(AlertState, RefusesWhatItDidNotSaveAndStaysAsItIs) {
  Service s;
  s.FireNow();
  const std::string saved = s.state().Save();
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[1]"), saved.substr(0, saved.size() / 2),
        std::string(R"({"version":2,"active":[],"resolved":[]})"),
        std::string(R"({"version":1,"active":[{"phase":"firing"}],"resolved":[]})"),
        std::string(R"({"version":1,"active":7,"resolved":[]})")}) {
    const auto restored = s.state().Restore(bad);
    ASSERT_FALSE(restored.has_value()) << bad;
    EXPECT_EQ(restored.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(s.state().Save(), saved);
  }
}

TEST(AlertState, FollowsABoundedNumberOfSuspicions) {
  AlertState state{Config{}};
  TargetVerdicts target = OneSite(Replica("a:1"), MakeVerdict(kLeak));
  target.verdicts.clear();
  target.sites.clear();
  for (std::size_t i = 0; i < AlertState::kMaxAlerts + 5; ++i) {
    target.sites.push_back({.function = "f" + std::to_string(i), .file = ""});
    target.verdicts.push_back(MakeVerdict(kLeak));
    target.verdicts.back().site = SiteId(i);
  }
  state.Step(GroupFindings({target}), kStart, [](const Finding&) { return AlertText{}; });
  EXPECT_EQ(state.Views().size(), AlertState::kMaxAlerts);
  EXPECT_EQ(state.overflow_count(), 5U);
}

// Whatever is seen, in whatever order and with restarts in between: it resolves keep_firing_for
// after it fired at the earliest, and fires `evaluations` steps after it resolved at the earliest.
TEST(AlertState, NeverFlapsFasterThanTheHysteresisAllows) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const std::vector<Verdict> choices = {
        MakeVerdict(kLeak),         MakeVerdict(kLeak, 9), Flat(),
        MakeVerdict(kGrowing, 0.2), MakeVerdict(kGrowing), MakeVerdict(kInsufficientData),
        MakeVerdict(kPlateau, 0)};
    Service s;
    std::string phase = "inactive";
    std::optional<Time> fired;
    std::optional<Time> resolved;
    std::size_t choice = 0;
    for (int i = 0; i < 500; ++i) {
      if (random() % 6 == 0) choice = random() % choices.size();
      if (random() % 20 == 0) s.Restart();
      random() % 30 == 0 ? s.Minute({}) : s.See(choices[choice]);
      const std::string next = s.Phase();
      if (next == "firing" && phase != "firing") {
        if (resolved) {
          EXPECT_GE(s.now() - *resolved, minutes(3)) << "seed " << seed;
        }
        fired = s.now();
      }
      if (phase == "firing" && next != "firing") {
        EXPECT_EQ(next, "resolved");
        EXPECT_GE(s.now() - *fired, minutes(15)) << "seed " << seed;
        resolved = s.now();
      }
      phase = next;
    }
  }
}

}  // namespace
}  // namespace heapwatch
