#include "alerting/finding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

using enum VerdictKind;

TEST(GroupFindings, TakesTheReplicasOfOneVersionTogetherWorstFirst) {
  const auto findings = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(kLeak, 3)),
                                       OneSite(Replica("b:1"), MakeVerdict(kLeak, 5)),
                                       OneSite(Replica("c:1"), MakeVerdict(kStable, 0))});
  ASSERT_EQ(findings.size(), 1U);
  const Finding& f = findings[0];
  EXPECT_EQ(f.service, "checkout");
  EXPECT_EQ(f.version, "v2.4");
  EXPECT_EQ(f.site, StoreSet());
  EXPECT_EQ(f.kind, kLeak);
  ASSERT_EQ(f.replicas.size(), 2U);
  EXPECT_EQ(Get(f.replicas[0].target, "instance"), "b:1");
  EXPECT_EQ(f.replica_count, 3U);
}

TEST(GroupFindings, KeepsVersionsAndServicesApart) {
  Labels by_job = {{"job", "cron"}, {"instance", "x:1"}};
  const auto findings = GroupFindings({OneSite(Replica("a:1", "v1"), MakeVerdict(kLeak)),
                                       OneSite(Replica("b:1", "v2"), MakeVerdict(kLeak)),
                                       OneSite(by_job, MakeVerdict(kLeak))});
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[2].service, "cron");
  EXPECT_EQ(findings[2].version, "");
}

TEST(GroupFindings, TakesTheWorstKindAndCountsOnlyItsReplicas) {
  const auto findings = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(kGrowing, 9)),
                                       OneSite(Replica("b:1"), MakeVerdict(kPlateau, 0)),
                                       OneSite(Replica("c:1"), MakeVerdict(kLeak, 1))});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, kLeak);
  EXPECT_EQ(findings[0].replicas.size(), 1U);
}

TEST(GroupFindings, PutsChurnBesideGrowth) {
  Verdict churn = MakeVerdict(kChurn, 0);
  churn.alloc_bytes_per_second = 300 * kMiB;
  const auto findings =
      GroupFindings({OneSite(Replica("a:1"), churn), OneSite(Replica("b:1"), MakeVerdict(kLeak))});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].kind, kLeak);
  EXPECT_EQ(findings[1].kind, kChurn);
  EXPECT_NE(findings[0].key(), findings[1].key());
}

TEST(GroupFindings, KeepsAWatchedChurnWhileTheSiteGrowsOnAnotherReplica) {
  const FindingKey key{Problem::kChurn, "checkout", "v2.4", StoreSet().id()};
  const auto findings = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(kChurn, 0)),
                                       OneSite(Replica("b:1"), MakeVerdict(kGrowing))},
                                      {{key, StoreSet()}});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].kind, kGrowing);
  EXPECT_EQ(findings[1].kind, kChurn);
  EXPECT_EQ(findings[1].key(), key);
}

TEST(GroupFindings, LeavesOutWhatIsStableOrUnknownUnlessWatched) {
  const std::vector<TargetVerdicts> targets = {
      OneSite(Replica("a:1"), MakeVerdict(kStable, 0)),
      OneSite(Replica("b:1"), MakeVerdict(kInsufficientData))};
  EXPECT_TRUE(GroupFindings(targets).empty());
  const FindingKey key{Problem::kGrowth, "checkout", "v2.4", StoreSet().id()};
  const auto findings = GroupFindings(targets, {{key, StoreSet()}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, kStable);
  EXPECT_EQ(findings[0].key(), key);
}

TEST(GroupFindings, TellsOfAWatchedSiteThatAProcessStillWarmingUpMayBringBack) {
  TargetVerdicts fresh = OneSite(Replica("a:1"), MakeVerdict(kInsufficientData));
  fresh.sites[0].function = "main.other";
  const FindingKey key{Problem::kGrowth, "checkout", "v2.4", StoreSet().id()};
  const auto findings = GroupFindings({fresh}, {{key, StoreSet()}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, kInsufficientData);
  EXPECT_EQ(findings[0].key(), key);

  fresh.verdicts[0].kind = kStable;  // warmed up, and the site is not there
  EXPECT_TRUE(GroupFindings({fresh}, {{key, StoreSet()}}).empty());
  EXPECT_TRUE(GroupFindings({}, {{key, StoreSet()}}).empty());
}

TEST(GroupFindings, NamesTheLabelsAllReplicasShare) {
  Labels other = Replica("b:1");
  other["region"] = "us-east";
  const auto findings = GroupFindings(
      {OneSite(Replica("a:1"), MakeVerdict(kLeak)), OneSite(other, MakeVerdict(kStable))});
  EXPECT_EQ(findings.at(0).common_labels, (Labels{{"job", "shop"}}));
  EXPECT_EQ(GroupFindings({OneSite(other, MakeVerdict(kLeak))}).at(0).common_labels,
            (Labels{{"job", "shop"}, {"region", "us-east"}}));
}

}  // namespace
}  // namespace heapwatch
