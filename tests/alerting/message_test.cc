#include "alerting/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "alerting/service_growth.h"
#include "alerting/target_down.h"
#include "alerting/text.h"
#include "analysis/base/utf8.h"
#include "tests/alerting/sample_findings.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

MessageContext Context() {
  return {.external_url = "http://heapwatch.example.com:9199",
          .asks_password = false,
          .labels = {{"service", "checkout"}},
          .links = {{"dashboard", "https://grafana.example.com/d/heap?var-service={{service}}"}},
          .target_id = "00c0ffee00c0ffee",
          .diff_text =
              "inuse_space 1.2 GiB -> 1.3 GiB in 31h: +101 MiB ± 12 MiB\n"
              "+96.0 MiB ± 7.7 MiB  cache.(*Store).Set cache.go:+41 (316 MiB -> 412 MiB)\n"
              "and 31 more sites: +5.0 MiB ± 9.2 MiB\n",
          .load = LoadChange{120 * kMiB, 117 * kMiB},
          .memory_limit_bytes = std::int64_t{1} << 30};
}

// `leaking` of `count` replicas, the worst at 3.1 MiB/h.
Finding Checkout(std::size_t leaking, std::size_t count, VerdictKind kind = kLeak) {
  std::vector<TargetVerdicts> targets;
  for (std::size_t i = 0; i < count; ++i) {
    Verdict v = MakeVerdict(i < leaking ? kind : kStable, 3.1 - 0.1 * static_cast<double>(i));
    if (kind == kChurn) {
      v.alloc_bytes_per_second = 312 * kMiB;
      v.reason = "allocates 312 MiB/s and keeps only 412 MiB: objects live 1 s on average";
    }
    if (i == 0) {
      v.seconds_to_limit = Interval{9.2 * 3600, 12.8 * 3600};
      v.retention = 0.34;
      v.course = "a line";
      v.growing_for = std::chrono::hours(31);
    }
    targets.push_back(OneSite(Replica("10.0.0." + std::to_string(i + 1) + ":6060"), v));
  }
  for (TargetVerdicts& target : targets) target.watched_since = kStart - std::chrono::hours(31);
  Finding finding = GroupFindings(targets).at(0);
  finding.pooled.reset();
  if (kind == kLeak)
    finding.change = VersionChange{.version_before = "v2.3",
                                   .slope_before = 0.02 * kMiB / 3600,
                                   .slope_interval_before = {-0.1 * kMiB / 3600, 0.2 * kMiB / 3600},
                                   .growth_is_new = true,
                                   .alloc_ratio = {},
                                   .allocates_more = false};
  return finding;
}

// Compares with testdata/alerting/NAME; HEAPWATCH_UPDATE=1 rewrites it.
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = InSource("testdata/alerting/").string() + name;
  if (std::getenv("HEAPWATCH_UPDATE") != nullptr) std::ofstream(path) << text;
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, golden.str());
}

TEST(Summary, SaysTheVerdictInOneLine) {
  EXPECT_EQ(Summary(Checkout(18, 48)),
            "checkout: cache.(*Store).Set cache.go:+41 leaks 3.1 MiB/h (2.6-3.7), 18 of 48 "
            "replicas since v2.4, "
            "limit in 9-13 h");
}

TEST(Summary, NamesASingleReplica) {
  Finding finding = Checkout(1, 1);
  finding.version = "";
  finding.replicas[0].verdict.seconds_to_limit.reset();
  EXPECT_EQ(Summary(finding),
            "checkout: cache.(*Store).Set cache.go:+41 leaks 3.1 MiB/h (2.6-3.7) on 10.0.0.1:6060");
}

TEST(Summary, TellsChurnPerSecond) {
  EXPECT_EQ(Summary(Checkout(2, 3, kChurn)),
            "checkout: cache.(*Store).Set cache.go:+41 churns 312 MiB/s, 2 of 3 replicas of v2.4");
}

TEST(Summary, SaysSinceAVersionOnlyWhereTheOneBeforeDidNotHaveIt) {
  Finding finding = Checkout(18, 48);
  finding.change->slope_interval_before = {0.1, 0.3};  // it leaked already
  EXPECT_THAT(Summary(finding), HasSubstr("replicas of v2.4"));
  finding.change.reset();  // nobody knows
  EXPECT_THAT(Summary(finding), HasSubstr("replicas of v2.4"));
}

TEST(Summary, TellsWhatOnlyAllReplicasTogetherShow) {
  Finding finding = Checkout(15, 16);
  finding.pooled = PooledGrowth{.slope_bytes_per_second = 0.5 * kMiB / 3600,
                                .slope_interval = {0.4 * kMiB / 3600, 0.6 * kMiB / 3600},
                                .z = 5.2,
                                .total_growth_bytes = 16 * kMiB,
                                .only_together = true};
  EXPECT_THAT(Summary(finding), HasSubstr("leaks 512 KiB/h (410-614) each, 15 of 16 replicas"));
  EXPECT_THAT(Get(DescribeFinding(finding, Context()).annotations, "description"),
              AllOf(HasSubstr("sampling noise (5.2 standard errors)"), Not(HasSubstr("How sure"))));
  // Whose own figures say nothing.
  for (ReplicaVerdict& replica : finding.replicas) {
    replica.verdict.growth_bytes = replica.verdict.slope_bytes_per_second = 0;
    replica.verdict.slope_interval = {0, 0};
    replica.verdict.inuse_bytes = 4 * kMiB;
  }
  finding.pooled->total_growth_bytes = 30 * kMiB;
  EXPECT_THAT(
      Get(DescribeFinding(finding, Context()).annotations, "description"),
      AllOf(HasSubstr("what the site holds went +100 %"), HasSubstr("load (it did not rise)"),
            HasSubstr("worst first: 10.0.0.1:6060 4.0 MiB; ")));
}

TEST(Summary, TellsARegression) {
  Finding finding = Checkout(2, 3);
  finding.problem = Problem::kRegression;
  finding.replicas[0].verdict.alloc_bytes_per_second = 12 * kMiB;
  finding.change->alloc_ratio = 2.14;
  EXPECT_EQ(Summary(finding),
            "checkout: cache.(*Store).Set cache.go:+41 allocates 2.1 times as much for the same "
            "load (12.0 MiB/s), 2 of 3 replicas since v2.4");
}

TEST(Summary, TellsSitesThatLeakTogether) {
  Finding other = Checkout(2, 3);
  other.site.function = "main.other";
  const Finding joined = JoinSites({Checkout(2, 3), other});
  EXPECT_EQ(
      Summary(joined),
      "checkout: 2 sites together leak 6.2 MiB/h (5.5-7.0), 2 of 3 replicas of v2.4, limit in "
      "4-7 h");
}

TEST(Summary, TellsSitesThatLeakTogetherWhereOnlyAllReplicasTogetherShowEach) {
  Finding one = Checkout(2, 3);
  one.pooled = PooledGrowth{.slope_bytes_per_second = 0.5 * kMiB / 3600,
                            .slope_interval = {0.4 * kMiB / 3600, 0.6 * kMiB / 3600},
                            .z = 5,
                            .total_growth_bytes = 20 * kMiB,
                            .only_together = true};
  for (ReplicaVerdict& replica : one.replicas) {
    replica.verdict.growth_bytes = replica.verdict.slope_bytes_per_second = 0;
    replica.verdict.slope_interval = {0, 0};
    replica.verdict.seconds_to_limit.reset();
  }
  Finding other = one;
  other.site.function = "main.other";
  const Finding joined = JoinSites({one, other});
  EXPECT_EQ(Summary(joined),
            "checkout: 2 sites together leak 1.0 MiB/h (0.9-1.1), 2 of 3 replicas of v2.4");
  const Labels annotations = DescribeFinding(joined, Context()).annotations;
  EXPECT_THAT(
      Get(annotations, "description"),
      AllOf(HasSubstr("cache.(*Store).Set cache.go:+41 512 KiB/h (410-614) each; main.other"),
            HasSubstr("worst first: 10.0.0.1:6060 1.0 MiB/h (0.9-1.1); "),
            HasSubstr("the gain of 20.0 MiB has a standard error of 2.8 MiB")));
}

TEST(Summary, TellsWhatIsDown) {
  std::vector<TargetHealth> targets;
  for (int i = 0; i < 5; ++i)
    targets.push_back({Replica("10.0.0." + std::to_string(i) + ":6060"), kStart, "refused"});
  targets[4].down_since.reset();
  EXPECT_EQ(Summary(GroupDownTargets(targets).at(0)),
            "checkout: no heap profile from 4 of 5 targets: 10.0.0.0:6060, 10.0.0.1:6060 and 2 "
            "more");
  targets.resize(1);
  EXPECT_EQ(Summary(GroupDownTargets(targets).at(0)),
            "checkout: no heap profile from 10.0.0.0:6060");
}

TEST(Summary, ChoosesUnitsThatAreReadAtAGlance) {
  Finding finding = Checkout(2, 3);
  Verdict& v = finding.replicas[0].verdict;
  const auto limit_in = [&](double low, double high) {
    v.seconds_to_limit = Interval{low, high};
    return Summary(finding);
  };
  EXPECT_THAT(limit_in(2400, 4000), EndsWith("limit in 40-67 min"));
  EXPECT_THAT(limit_in(5 * 86'400, 7 * 86'400), EndsWith("limit in 5-7 d"));
  EXPECT_THAT(limit_in(3600 * 5, std::numeric_limits<double>::infinity()),
              EndsWith("limit in 5 h or more"));
  EXPECT_THAT(limit_in(400 * 86'400.0, 500 * 86'400.0), EndsWith("since v2.4"));
  EXPECT_THAT(limit_in(-5, 60), EndsWith("limit in 0-1 min"));
  EXPECT_THAT(limit_in(0, 0), EndsWith(", limit reached"));
  v.slope_bytes_per_second = 0.5 * kMiB;
  v.slope_interval = {-0.1 * kMiB, 1.2 * kMiB};
  EXPECT_THAT(Summary(finding), HasSubstr("leaks 1.8 GiB/h (-0.4 to 4.2)"));
}

TEST(Summary, FitsTheShortestReceiverAndKeepsTheVerdict) {
  Finding finding = Checkout(18, 48);
  finding.site.function = "acme::" + std::string(300, 'x') + "::Handler::Öffne";
  EXPECT_EQ(CountRunes(Summary(finding)), kMaxSummaryRunes);
  EXPECT_THAT(Summary(finding),
              HasSubstr("Öffne cache.go:+41 leaks 3.1 MiB/h (2.6-3.7), 18 of 48"));
  EXPECT_THAT(Summary(finding), StartsWith("checkout: …"));
  finding.service = std::string(500, 's');
  EXPECT_EQ(CountRunes(Summary(finding)), kMaxSummaryRunes);
}

TEST(DescribeFinding, TellsALeakWithItsEvidence) {
  const AlertText text = DescribeFinding(Checkout(18, 48), Context());
  std::string all;
  for (const auto& [name, value] : text.annotations) all += "=== " + name + "\n" + value + "\n";
  ExpectGolden("leak.txt", all + "=== generator\n" + text.generator_url + "\n");
}

TEST(DescribeFinding, TellsTheLimitOnlyWhereItIsKnownAndMetWithinAYear) {
  const auto description = [](const Finding& finding, const MessageContext& context) {
    return std::string(Get(DescribeFinding(finding, context).annotations, "description"));
  };
  Finding finding = Checkout(2, 3);
  // The one that gets there first, whichever grows fastest.
  finding.replicas[1].verdict.seconds_to_limit = Interval{3600, 7200};
  MessageContext context = Context();
  EXPECT_THAT(description(finding, context), HasSubstr("Limit: 10.0.0.2:6060 may have 1.0 GiB, "));
  context.gogc = 0;
  EXPECT_THAT(description(finding, context), HasSubstr(" are live.\n"));
  context.memory_limit_bytes.reset();
  EXPECT_THAT(description(finding, context), Not(HasSubstr("Limit: ")));
  context = Context();
  for (ReplicaVerdict& replica : finding.replicas)
    replica.verdict.seconds_to_limit = Interval{400 * 86'400.0, 500 * 86'400.0};
  EXPECT_THAT(description(finding, context), Not(HasSubstr("Limit: ")));
}

// A restart shows by what was allocated falling.
TEST(DescribeFinding, DoesNotRuleOutARestartWhereAllocationsAreNotTold) {
  Finding finding = Checkout(18, 48);
  finding.replicas[0].verdict.retention.reset();
  MessageContext context = Context();
  context.load.reset();
  EXPECT_THAT(Get(DescribeFinding(finding, context).annotations, "description"),
              HasSubstr("Ruled out: a deploy (all of it lies within one build), "));
}

TEST(DescribeFinding, TellsAChurn) {
  MessageContext context = Context();
  context.gc_cpu_share = 0.234;
  ExpectGolden("churn.txt",
               std::string(Get(DescribeFinding(Checkout(2, 3, kChurn), context).annotations,
                               "description")));
}

TEST(DescribeFinding, TellsARegression) {
  Finding finding = Checkout(2, 3);
  finding.problem = Problem::kRegression;
  finding.reason = "no growth, but it allocates more per unit of load than in the version before";
  finding.replicas[0].verdict.alloc_bytes_per_second = 12 * kMiB;
  finding.replicas[1].verdict.alloc_bytes_per_second = 11 * kMiB;
  finding.change->alloc_ratio = 2.14;
  ExpectGolden("regression.txt",
               std::string(Get(DescribeFinding(finding, Context()).annotations, "description")));
}

TEST(DescribeFinding, TellsSitesThatLeakTogether) {
  std::vector<Finding> members;
  for (int i = 0; i < 7; ++i) {
    members.push_back(Checkout(2, 3));
    members.back().site.function = "github.com/acme/shop/http.(*Conn).serve" + std::to_string(i);
  }
  ExpectGolden(
      "service_wide.txt",
      std::string(Get(DescribeFinding(JoinSites(members), Context()).annotations, "description")));
}

TEST(DescribeFinding, TellsTargetsThatAreDown) {
  std::vector<TargetHealth> targets;
  for (int i = 0; i < 12; ++i)
    targets.push_back({Replica("10.0.0." + std::to_string(i) + ":6060"),
                       kStart - std::chrono::minutes(i),
                       "connection refused by 10.0.0." + std::to_string(i) +
                           ":6060: is the process running, and is this its port?"});
  ExpectGolden(
      "target_down.txt",
      std::string(Get(DescribeFinding(GroupDownTargets(targets).at(0), Context()).annotations,
                      "description")));
}

TEST(DescribeFinding, DoesNotRuleOutTheLoadWhereItRoseAsWell) {
  MessageContext context = Context();
  const auto description = [&] {
    return std::string(Get(DescribeFinding(Checkout(1, 2), context).annotations, "description"));
  };
  EXPECT_THAT(description(), HasSubstr("load (it did not rise)"));
  context.load = LoadChange{100 * kMiB, 110 * kMiB};
  EXPECT_THAT(description(), HasSubstr("load (it rose by less than half as much)"));
  context.load = LoadChange{100 * kMiB, 150 * kMiB};
  EXPECT_THAT(description(), HasSubstr("Not ruled out: load."));
  context.load.reset();
  EXPECT_THAT(description(), Not(HasSubstr("load")));
}

TEST(DescribeFinding, StaysWithinItsLimitAndKeepsTheWayToTheHeap) {
  MessageContext context = Context();
  context.diff_text.clear();
  for (int i = 0; i < 1000; ++i)
    context.diff_text += "line " + std::to_string(i) + " of a long diff ±\n";
  Finding finding = Checkout(2, 3);
  const auto description = [&] {
    return std::string(Get(DescribeFinding(finding, context).annotations, "description"));
  };
  EXPECT_LE(CountRunes(description()), kMaxDescriptionRunes);
  EXPECT_THAT(description(), HasSubstr("line 0 of a long diff ±\nline 1 of"));
  EXPECT_THAT(description(),
              AllOf(HasSubstr("…\n\nWhy: "),
                    HasSubstr("\nWhat changed: http://heapwatch.example.com:9199/diff?")));
  finding.site.function = std::string(50'000, 'f');
  EXPECT_LE(CountRunes(description()), kMaxDescriptionRunes);
  EXPECT_THAT(description(),
              HasSubstr("go tool pprof -http=: 'http://heapwatch.example.com:9199/api/v1/diff?"));
}

TEST(DescribeFinding, TellsAnIntervalInItsOwnUnitWhereTheSlopeIsNextToNothing) {
  Finding finding = Checkout(2, 2);
  finding.replicas[1].verdict.slope_bytes_per_second = 0;
  finding.replicas[1].verdict.slope_interval = {-200 * kMiB / 3600, 300 * kMiB / 3600};
  EXPECT_THAT(Get(DescribeFinding(finding, Context()).annotations, "replicas"),
              EndsWith("10.0.0.2:6060 0 B/h (-200 MiB/h to 300 MiB/h)"));
}

TEST(DescribeFinding, TellsGrowthFromNextToNothingAsAMultiple) {
  Finding finding = Checkout(1, 1);
  finding.replicas[0].verdict.inuse_bytes = 96.5 * kMiB;
  EXPECT_THAT(Get(DescribeFinding(finding, Context()).annotations, "description"),
              HasSubstr("what the site holds went up 193-fold"));
}

TEST(DescribeFinding, IsValidUtf8WhateverAFunctionIsCalled) {
  Finding finding = Checkout(1, 2);
  finding.site.function = "f\xff";
  for (const auto& [name, value] : DescribeFinding(finding, Context()).annotations)
    EXPECT_EQ(ToUtf8(value), value) << name;
}

}  // namespace
}  // namespace heapwatch
