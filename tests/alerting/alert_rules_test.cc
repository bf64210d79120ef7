// What the rules, mutes and acknowledgements make of alerts, and the alerts that are not on one
// site.
#include "alerting/alert_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "alerting/target_down.h"
#include "tests/alerting/watched_service.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using std::chrono::minutes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// --- labels

TEST(IdentityLabels, CallsATargetsLabelTheSameInEveryAlert) {
  for (const Problem problem : {Problem::kGrowth, Problem::kServiceGrowth, Problem::kTargetDown}) {
    Finding finding;
    finding.problem = problem;
    finding.service = "shop";
    for (const char* name : {"alertname", "site", "function", "severity", "zone"})
      finding.common_labels.emplace(name, "x");
    const Labels labels = IdentityLabels(finding);
    for (const char* name : {"alertname", "site", "function", "severity"}) {
      EXPECT_EQ(Get(labels, std::string("exported_") + name), "x") << name;
      EXPECT_NE(Get(labels, name), "x") << name;
    }
    EXPECT_EQ(Get(labels, "zone"), "x");
  }
}

TEST(IdentityLabels, CallNoAlertOtherwiseThanIsKnown) {
  for (const Problem problem : {Problem::kGrowth, Problem::kServiceGrowth, Problem::kChurn,
                                Problem::kRegression, Problem::kTargetDown}) {
    for (const VerdictKind kind : {kLeak, kGrowing}) {
      Finding finding;
      finding.problem = problem;
      finding.kind = kind;
      const Labels labels = IdentityLabels(finding);
      EXPECT_THAT(kAlertNames, Contains(Get(labels, "alertname")));
    }
  }
}

// --- rules

TEST(AlertRules, AppliesTheFirstRuleThatMatches) {
  Config config;
  AlertRule batch;
  batch.name = "batch";
  batch.match = {{"job", "sho."}, {"service", "checkout"}};
  batch.hold_for = minutes(3);
  AlertRule all;
  all.name = "all";
  config.alerting.rules = {batch, all};
  WatchedService s(config);
  s.See(MakeVerdict(kLeak));
  ASSERT_EQ(s.Phase(), "pending");
  EXPECT_EQ(s.state().Views()[0].rule, "batch");
  config.alerting.rules[0].match["service"] = "check";  // patterns match the whole value
  s.state().Configure(config);
  s.See(MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_EQ(s.state().Views()[0].rule, "all");
}

TEST(AlertRules, LetsRulesAskForGrowthAsWellAndTellsALeakAnew) {
  Config config;
  config.alerting.defaults.alert_on = {AlertOn::kGrowing, AlertOn::kLeak};
  WatchedService s(config);
  s.See(MakeVerdict(kGrowing));
  ASSERT_EQ(s.Phase(), "firing");
  EXPECT_EQ(Get(s.state().Views()[0].labels, "alertname"), "HeapGrowing");
  const auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(Get(sent[0].labels, "alertname"), "HeapLeak");
  EXPECT_EQ(Get(sent[1].labels, "alertname"), "HeapGrowing");
  EXPECT_TRUE(sent[1].is_resolved);
}

TEST(AlertRules, FiresAboveTheThresholdsAndStaysUntilHalfOfThem) {
  Config config;
  config.alerting.defaults.min_slope_bytes_per_hour = 2 * kMiB;
  WatchedService s(config);
  s.SeeFor(5, MakeVerdict(kLeak, 1.9));
  EXPECT_EQ(s.Phase(), "inactive");
  s.SeeFor(5, MakeVerdict(kLeak, 2.1));
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(100, MakeVerdict(kLeak, 1.1));
  EXPECT_EQ(s.Phase(), "firing");
  s.SeeFor(16, MakeVerdict(kLeak, 0.9));
  EXPECT_EQ(s.Phase(), "resolved");
}

TEST(AlertRules, WeighsSizeShareAndTimeToTheLimit) {
  const auto fires = [](auto set, const Verdict& verdict) {
    Config config;
    set(config.alerting.defaults);
    WatchedService s(config);
    s.See(verdict);
    return s.Phase() == "firing";
  };
  const Verdict leak = MakeVerdict(kLeak);  // holds 412 MiB, all there is
  EXPECT_TRUE(fires([](AlertRule& r) { r.min_size_bytes = 400 * kMiB; }, leak));
  EXPECT_FALSE(fires([](AlertRule& r) { r.min_size_bytes = 500 * kMiB; }, leak));
  EXPECT_TRUE(fires([](AlertRule& r) { r.min_share_of_heap = 1; }, leak));
  const auto soon = [](AlertRule& r) { r.limit_within = std::chrono::hours(12); };
  EXPECT_FALSE(fires(soon, leak));  // no limit is known
  EXPECT_TRUE(fires(soon, WithLimit(10, 20)));
  EXPECT_FALSE(fires(soon, WithLimit(13, 20)));
  EXPECT_FALSE(fires([](AlertRule& r) { r.alert_on = {AlertOn::kChurn}; }, leak));
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 49 * kMiB;
  EXPECT_FALSE(fires([](AlertRule&) {}, churn));
  churn.alloc_bytes_per_second = 51 * kMiB;
  EXPECT_TRUE(fires([](AlertRule&) {}, churn));
}

TEST(AlertRules, TakesChurnOnlyFromASiteThatMattersToItsProcess) {
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 100 * kMiB;
  TargetVerdicts target = OneSite(Replica("a:1"), churn);
  target.sites.push_back({.function = "main.busy", .file = ""});
  target.verdicts.push_back(MakeVerdict(kStable, 0));
  target.verdicts[1].site = SiteId(1U);
  target.verdicts[1].alloc_bytes_per_second = 500 * kMiB;
  WatchedService s;
  EXPECT_TRUE(s.Minute({target}).empty());  // a sixth
  target.verdicts[1].alloc_bytes_per_second = 300 * kMiB;
  EXPECT_EQ(s.Minute({target}).size(), 1U);  // a quarter
}

TEST(AlertRules, EndsWhatANewRuleNoLongerWants) {
  WatchedService s;
  s.FireNow();
  Config config;
  config.alerting.defaults.alert_on = {AlertOn::kChurn};
  s.state().Configure(config);
  s.SeeFor(16, MakeVerdict(kLeak));
  EXPECT_EQ(s.Phase(), "resolved");
}

// --- acknowledged and muted

TEST(AlertRules, TellsNobodyOfASiteThatIsAcknowledgedUntilThatIsOver) {
  WatchedService s;
  s.FireNow();
  const Time fired = s.now();
  ASSERT_TRUE(s.acks().Add(AckFor(s, minutes(60))).has_value());
  auto sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);  // to those who were told that it fires
  EXPECT_TRUE(sent[0].is_resolved);
  EXPECT_THAT(std::string(Get(sent[0].annotations, "resolution")),
              HasSubstr("Acknowledged by ann until 2026-11-22T12:01:00Z: HEAP-42"));
  EXPECT_THAT(std::string(Get(sent[0].annotations, "summary")),
              StartsWith("Acknowledged, goes on: "));
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_EQ(s.state().Views()[0].mute->by, "ann");
  for (const Alert& alert : s.SeeFor(57, MakeVerdict(kLeak))) EXPECT_TRUE(alert.is_resolved);
  s.Restart();
  EXPECT_TRUE(s.See(MakeVerdict(kLeak)).empty());
  sent = s.See(MakeVerdict(kLeak));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_FALSE(sent[0].is_resolved);
  EXPECT_TRUE(sent[0].is_news);
  EXPECT_EQ(sent[0].starts_at, fired);
  EXPECT_THAT(std::string(Get(sent[0].annotations, "summary")), Not(HasSubstr("goes on")));
  EXPECT_THAT(s.Changes(), ElementsAre("firing", "muted", "firing"));
}

TEST(AlertRules, NeverTellsOfAnAlertThatWasMutedAllItsLife) {
  Config config;
  config.alerting.mutes = {{.match = {{"function", ".*Store.*Set"}},
                            .until = kStart + std::chrono::hours(5),
                            .reason = "on purpose"}};
  WatchedService s(config);
  EXPECT_TRUE(s.SeeFor(20, MakeVerdict(kLeak)).empty());
  EXPECT_EQ(s.Phase(), "firing");
  EXPECT_EQ(s.state().Views()[0].mute, (Mute{"", "on purpose", kStart + std::chrono::hours(5)}));
  EXPECT_TRUE(s.SeeFor(40, Flat()).empty());
  EXPECT_EQ(s.Phase(), "inactive");
}

TEST(AlertRules, PagesThoughATicketWasAcknowledged) {
  WatchedService s;
  s.See(WithLimit(20, 30));
  ASSERT_TRUE(s.acks().Add(AckFor(s, minutes(600))).has_value());
  EXPECT_TRUE(s.See(WithLimit(20, 30)).at(0).is_resolved);
  const auto sent = s.See(WithLimit(12, 23));
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(Get(sent[0].labels, "severity"), "page");
  EXPECT_FALSE(sent[0].is_resolved);
  Ack page = AckFor(s, minutes(600));
  page.covers_pages = true;
  ASSERT_TRUE(s.acks().Add(page).has_value());
  s.See(WithLimit(12, 23));
  EXPECT_TRUE(s.state().Views()[0].mute.has_value());
}

// --- one alert for many sites

// `leaking` sites of one replica, each growing 1 MiB/h more than the one before.
TargetVerdicts ManySites(std::size_t leaking, std::size_t stable = 0) {
  TargetVerdicts target = OneSite(Replica("a:1"), MakeVerdict(kLeak));
  target.sites.clear();
  target.verdicts.clear();
  for (std::size_t i = 0; i < leaking + stable; ++i) {
    target.sites.push_back({.function = "main.f" + std::to_string(i), .file = ""});
    target.verdicts.push_back(i < leaking ? MakeVerdict(kLeak, 1.0 + static_cast<double>(i))
                                          : Flat());
    target.verdicts.back().site = SiteId(i);
  }
  return target;
}

TEST(AlertRules, TellsOfManySitesThatLeakTogetherInOneAlert) {
  WatchedService s;
  const auto sent = s.Minute({ManySites(3)});
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(Get(sent[0].labels, "alertname"), "HeapLeakServiceWide");
  EXPECT_FALSE(sent[0].labels.contains("site"));
  EXPECT_FALSE(sent[0].labels.contains("function"));
  ASSERT_EQ(s.state().Views().size(), 1U);
}

TEST(AlertRules, TakesTheAlertsOnSitesIntoTheOneForAll) {
  WatchedService s;
  EXPECT_EQ(s.Minute({ManySites(2, 1)}).size(), 2U);
  std::map<std::string, bool> resolved;
  for (const Alert& alert : s.Minute({ManySites(3)}))
    resolved[std::string(Get(alert.labels, "alertname")) + " " +
             std::string(Get(alert.labels, "function"))] = alert.is_resolved;
  EXPECT_EQ(resolved, (std::map<std::string, bool>{{"HeapLeakServiceWide ", false},
                                                   {"HeapLeak main.f0", true},
                                                   {"HeapLeak main.f1", true}}));
}

TEST(AlertRules, KeepsTheAlertForAllWhileAnyOfItsSitesGrows) {
  WatchedService s;
  s.Minute({ManySites(4)});
  for (int i = 0; i < 60; ++i) {
    s.Minute({ManySites(1, 3)});
    if (i % 10 == 0) s.Restart();
  }
  ASSERT_EQ(s.state().Views().size(), 1U);
  EXPECT_EQ(s.Phase(), "firing");
  for (int i = 0; i < 16; ++i) s.Minute({ManySites(0, 4)});
  EXPECT_EQ(s.Phase(), "resolved");
}

// What receivers see while any of four sites leak, churn or are well in any order, with restarts:
// whatever is called resolved has not fired for at least keep_firing_for before it fires again, and
// never do a site and the whole service fire at once for receivers.
TEST(AlertRules, DoesNotFlapForReceiversWhileSitesLeakAloneAndTogether) {
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 300 * kMiB;
  const std::vector<Verdict> choices = {MakeVerdict(kLeak),
                                        MakeVerdict(kLeak, 9),
                                        Flat(),
                                        MakeVerdict(kGrowing),
                                        MakeVerdict(kInsufficientData),
                                        WithLimit(2, 3),
                                        churn};
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    WatchedService s;
    std::vector<Verdict> verdicts(4, Flat());
    std::map<Labels, Time> began;
    std::set<Labels> firing;
    for (int i = 0; i < 500; ++i) {
      if (random() % 5 == 0) verdicts[random() % 4] = choices[random() % choices.size()];
      if (random() % 20 == 0) s.Restart();
      TargetVerdicts target = ManySites(0, 4);
      for (std::size_t site = 0; site < 4; ++site) {
        target.verdicts[site] = verdicts[site];
        target.verdicts[site].site = SiteId(site);
      }
      for (const Alert& alert : s.Minute({target})) {
        if (alert.is_resolved) {
          firing.erase(alert.labels);
        } else if (firing.insert(alert.labels).second) {
          const auto known = began.find(alert.labels);
          if (known != began.end()) {
            EXPECT_GE(s.now() - known->second, minutes(15))
                << seed << ' ' << ToString(alert.labels);
          }
          began[alert.labels] = s.now();
        }
      }
      const auto count = [&](std::string_view name) {
        return std::count_if(firing.begin(), firing.end(), [&](const Labels& labels) {
          return Get(labels, "alertname") == name;
        });
      };
      EXPECT_LE(count("HeapLeakServiceWide"), 1) << seed;
      if (count("HeapLeakServiceWide") > 0) {
        EXPECT_EQ(count("HeapLeak"), 0) << seed;
      }
    }
  }
}

// --- targets that are down

TEST(AlertRules, TellsOfAServiceWhoseTargetsAreDownForLong) {
  WatchedService s;
  const auto down = [&](int minutes_ago) {
    TargetHealth health{Replica("a:1"), std::nullopt, "connection refused"};
    if (minutes_ago > 0) health.down_since = s.now() + minutes(1) - minutes(minutes_ago);
    return s.MinuteOf(GroupDownTargets({health, {Replica("b:1"), std::nullopt, ""}}));
  };
  for (int i = 1; i < 15; ++i) EXPECT_TRUE(down(i).empty());
  EXPECT_EQ(s.Phase(), "inactive");
  const auto sent = down(15);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].labels, (Labels{{"alertname", "HeapWatchTargetDown"},
                                    {"job", "shop"},
                                    {"region", "eu-west"},
                                    {"service", "checkout"},
                                    {"severity", "ticket"}}));
  for (int i = 0; i < 30; ++i) down(5);  // up in between, and down again
  EXPECT_EQ(s.Phase(), "firing");
  for (int i = 0; i < 16; ++i) down(0);
  EXPECT_EQ(s.Phase(), "resolved");
}

// --- evidence

TEST(AlertRules, NamesTheEvidenceOfEveryAlertUnderOneNameForLife) {
  WatchedService s(WaitingFor(minutes(1)));
  s.See(WithLimit(20, 30));
  EXPECT_TRUE(s.state().Evidences().empty());
  s.See(WithLimit(20, 30));
  ASSERT_EQ(s.state().Evidences().size(), 1U);
  const AlertEvidence first = s.state().Evidences()[0];
  EXPECT_EQ(first.evidence.from, kStart - std::chrono::hours(31));
  EXPECT_EQ(first.resolved_at, std::nullopt);
  s.See(WithLimit(12, 23));  // escalates
  ASSERT_EQ(s.state().Evidences().size(), 1U);
  EXPECT_EQ(s.state().Evidences()[0].alert_id, first.alert_id);
  EXPECT_EQ(s.state().Evidences()[0].resolved_at, std::nullopt);
  s.SeeFor(16, Flat());
  ASSERT_EQ(s.state().Evidences().size(), 1U);
  EXPECT_EQ(s.state().Evidences()[0].resolved_at, s.now());
}

}  // namespace
}  // namespace heapwatch
