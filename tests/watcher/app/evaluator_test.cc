#include "watcher/app/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/test_profile.h"
#include "watcher/app/describe.h"
#include "watcher/store/memory_store.h"

namespace heapwatch {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

const Time kStart = FromUnixMillis(1'795'348'800'000);

// A target that leaks 10 MiB a minute, and a store that saw it.
class EvaluatorTest : public ::testing::Test {
 protected:
  EvaluatorTest() {
    target_.labels = {{"instance", "a:6060"}, {"job", "api"}, {"service", "api"}};
    options_.warm_up = minutes(5);
    options_.warm_up_cycles = 5;
    options_.patience = minutes(30);
    attributor_ = *SiteAttributor::Create({});
  }
  void Watch(int from_minute, int to_minute) {
    for (int m = from_minute; m < to_minute; ++m)
      ASSERT_TRUE(
          store_.Append(target_.labels, kStart + minutes(m), TestProfile((m + 1) * (10LL << 20))));
  }
  Result<TargetVerdicts> Evaluate(Evaluator& evaluator, int minute) {
    return evaluator.Evaluate(target_, kStart + minutes(minute), *attributor_, options_);
  }
  // One evaluation a minute.
  VerdictKind KindAfter(Evaluator& evaluator, int from_minute, int to_minute) {
    VerdictKind kind = VerdictKind::kInsufficientData;
    for (int m = from_minute; m < to_minute; ++m) {
      Watch(m, m + 1);
      const auto judged = Evaluate(evaluator, m);
      if (judged) kind = judged->verdicts.at(0).kind;
    }
    return kind;
  }

  MemoryStore store_;
  Target target_;
  TrendOptions options_;
  std::shared_ptr<const SiteAttributor> attributor_;
};

// The heap stays as it is; the process grows by 10 MiB a minute.
TEST_F(EvaluatorTest, TellsOfGrowthOutsideTheHeap) {
  Evaluator evaluator(store_);
  std::optional<Verdict> outside;
  for (int m = 0; m < 60; ++m) {
    HeapProfile profile = TestProfile(50LL << 20);
    profile.resident_bytes = (100 + 10 * m) * (1LL << 20);
    ASSERT_TRUE(store_.Append(target_.labels, kStart + minutes(m), profile));
    const auto judged = Evaluate(evaluator, m);
    ASSERT_TRUE(judged);
    outside = judged->outside_heap;
    EXPECT_EQ(judged->sites.size(), 1U);
  }
  ASSERT_TRUE(outside);
  EXPECT_EQ(outside->kind, VerdictKind::kLeak) << outside->reason;
  EXPECT_NEAR(outside->slope_bytes_per_second * 60, 10 << 20, 1 << 18);
  EXPECT_THAT(outside->reason, HasSubstr("beyond what its heap explains"));
  // One that is new to the target comes to the same.
  Evaluator fresh(store_);
  EXPECT_EQ(Evaluate(fresh, 60)->outside_heap->kind, VerdictKind::kLeak);
}

class ManySites : public EvaluatorTest {
 protected:
  // 6 MiB in an hour at each: less than counts at one. Then so many minutes without growth.
  TargetVerdicts AfterAnHour(Evaluator& evaluator, bool are_parsed, int flat_minutes = 0) {
    TargetVerdicts last;
    for (int m = 0; m < 60 + flat_minutes; ++m) {
      const std::int64_t grown = std::min(m, 60) * (100LL << 10);
      EXPECT_TRUE(store_.Append(
          target_.labels, kStart + minutes(m),
          OrdersProfile((1 << 20) + grown, (2 << 20) + m * (200LL << 10), are_parsed)));
      if (auto judged = Evaluate(evaluator, m)) last = *std::move(judged);
    }
    return last;
  }
  static std::size_t LeaksOf(const TargetVerdicts& judged) {
    return static_cast<std::size_t>(
        std::count_if(judged.verdicts.begin(), judged.verdicts.end(),
                      [](const Verdict& v) { return v.kind == VerdictKind::kLeak; }));
  }
};

TEST_F(ManySites, LeakTogetherWhereOneCallerHasThemMade) {
  Evaluator evaluator(store_);
  const TargetVerdicts judged = AfterAnHour(evaluator, true);
  ASSERT_EQ(LeaksOf(judged), 10U);
  const auto leak = std::find_if(judged.verdicts.begin(), judged.verdicts.end(),
                                 [](const Verdict& v) { return v.kind == VerdictKind::kLeak; });
  EXPECT_THAT(leak->reason, HasSubstr("one of 10 sites in or below main.parse; together: grew"));
  EXPECT_NEAR(leak->growth_bytes, 5.9 * (1 << 20), 0.3 * (1 << 20));
  const auto findings = GroupFindings({judged});
  EXPECT_EQ(findings.size(), 10U);
  // One that is new to the target comes to the same.
  Evaluator fresh(store_);
  EXPECT_EQ(LeaksOf(*Evaluate(fresh, 60)), 10U);
}

TEST_F(ManySites, AreJudgedOneByOneWhereNothingButTheRootCallsThem) {
  Evaluator evaluator(store_);
  EXPECT_EQ(LeaksOf(AfterAnHour(evaluator, false)), 0U);
}

TEST_F(ManySites, StopLeakingTogether) {
  Evaluator evaluator(store_);
  EXPECT_EQ(LeaksOf(AfterAnHour(evaluator, true, 30)), 0U);
}

TEST_F(EvaluatorTest, HasNoVerdictOnATargetOfWhichNothingIsStored) {
  Evaluator evaluator(store_);
  const auto judged = Evaluate(evaluator, 0);
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_EQ(judged->target, target_.labels);
  EXPECT_TRUE(judged->verdicts.empty());
}

TEST_F(EvaluatorTest, CallsALeakALeak) {
  Evaluator evaluator(store_);
  EXPECT_EQ(KindAfter(evaluator, 0, 120), VerdictKind::kLeak);
}

TEST_F(EvaluatorTest, ARestartChangesNoVerdict) {
  Evaluator before(store_);
  ASSERT_EQ(KindAfter(before, 0, 120), VerdictKind::kLeak);
  Evaluator after(store_);
  const auto judged = Evaluate(after, 120);
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_EQ(judged->verdicts.at(0).kind, VerdictKind::kLeak);
}

TEST_F(EvaluatorTest, KnowsTheMemoryLimitOfTheTarget) {
  target_.memory_limit_bytes = std::int64_t{4} << 30;
  Evaluator evaluator(store_);
  ASSERT_EQ(KindAfter(evaluator, 0, 120), VerdictKind::kLeak);
  EXPECT_TRUE(Evaluate(evaluator, 120)->verdicts.at(0).seconds_to_limit.has_value());
}

TEST_F(EvaluatorTest, DescribesAFindingWithWhatGrewAndHowTheLoadMoved) {
  Evaluator evaluator(store_);
  ASSERT_EQ(KindAfter(evaluator, 0, 120), VerdictKind::kLeak);
  const auto findings = GroupFindings({*Evaluate(evaluator, 120)});
  ASSERT_EQ(findings.size(), 1U);
  const std::string url = "http://hw.example:9199";
  const std::vector<LinkConfig> links = {{"dashboard", "https://g.example/d?service={{service}}"}};
  const AlertText text = Describe(findings[0], {{"service", "api"}},
                                  {.store = store_,
                                   .attributor = *attributor_,
                                   .external_url = url,
                                   .asks_password = true,
                                   .links = links,
                                   .gc_cpu_shares = {},
                                   .memory_limits = {},
                                   .gogc = 100});
  EXPECT_THAT(text.annotations.at("command"), HasSubstr("'http://USER:PASSWORD@hw.example:9199/"));
  EXPECT_THAT(text.annotations.at("description"), HasSubstr("main.leak main.go:+2 ("));
  EXPECT_THAT(text.annotations.at("diff_url"), HasSubstr("http://hw.example:9199/diff?"));
  EXPECT_EQ(text.annotations.at("dashboard_url"), "https://g.example/d?service=api");
  EXPECT_THAT(text.finding_json, HasSubstr(R"("verdict":"leak")"));
  ASSERT_TRUE(text.evidence.has_value());
  EXPECT_EQ(text.evidence->target, target_.labels);
}

}  // namespace
}  // namespace heapwatch
