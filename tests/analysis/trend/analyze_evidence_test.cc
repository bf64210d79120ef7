// What a verdict tells beside its kind, and the options that decide what counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/trend/analyze.h"
#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;
using testing::kHour;
using testing::kMiB;
using testing::SyntheticOptions;
using testing::SyntheticSite;
using testing::SyntheticTarget;

constexpr double kGiB = 1024 * kMiB;

SiteWindow WindowOf(const SyntheticSite& site, const SyntheticOptions& options = {}) {
  return SyntheticTarget(7).Make({site}, options);
}
Verdict JudgeOne(const SiteWindow& window, const TrendOptions& trend = {}) {
  return Analyze(window, window.observations.size(), trend).at(0);
}
// 5 MiB, and 20 MiB/h more.
SyntheticSite Leak() {
  return {.function = "leak", .live_bytes = [](double t) { return (5 + 20 * t / kHour) * kMiB; }};
}
Verdict JudgeWithLimit(const SyntheticSite& site, double run_hours, double limit_bytes) {
  SyntheticOptions options;
  options.seconds = run_hours * kHour;
  SiteWindow window = WindowOf(site, options);
  window.limit_bytes = static_cast<std::int64_t>(limit_bytes);
  return JudgeOne(window);
}

TEST(Evidence, OfALeakIsItsStretchItsGrowthAndItsNoise) {
  const SiteWindow window = WindowOf(Leak());
  const Verdict leak = JudgeOne(window);
  ASSERT_EQ(leak.kind, VerdictKind::kLeak);
  EXPECT_EQ(leak.to, window.observations.back().time);
  // Give or take a bin.
  EXPECT_LE(leak.from - window.observations.front().time, minutes(15));
  EXPECT_NEAR(Seconds(leak.growing_for), 12 * kHour, 900);
  EXPECT_NEAR(leak.growth_bytes, leak.slope_bytes_per_second * Seconds(leak.growing_for), 1);
  EXPECT_EQ(leak.inuse_bytes, static_cast<double>(window.matrix[0].back()));
  // 480 samples, each a step of a random walk (noise.h).
  EXPECT_NEAR(leak.growth_standard_error, std::sqrt(1.2 * 480) * kMiB / 2, 0.1 * kMiB * 12);
  EXPECT_DOUBLE_EQ(leak.z, leak.growth_bytes / leak.growth_standard_error);
  EXPECT_EQ(leak.sampling_period_bytes, 512 * 1024);
  EXPECT_TRUE(leak.sampling_period_told);
  EXPECT_GT(leak.effective_n, 0);
}

TEST(Evidence, NamesTheCoursesThatFitLikeliestFirst) {
  const Verdict leak = JudgeOne(WindowOf(Leak()));
  EXPECT_EQ(leak.course, "a line");
  ASSERT_FALSE(leak.course_weights.empty());
  EXPECT_EQ(leak.course_weights.front().course, leak.course);
  double sum = 0;
  for (const auto& [course, weight] : leak.course_weights) {
    EXPECT_GE(weight, 0.01) << course;
    sum += weight;
  }
  EXPECT_NEAR(sum, 1, 0.05);
  EXPECT_TRUE(std::is_sorted(leak.course_weights.begin(), leak.course_weights.end(),
                             [](const auto& a, const auto& b) { return a.weight > b.weight; }));
}

TEST(Evidence, SaysWhichShareOfWhatIsAllocatedStays) {
  EXPECT_NEAR(*JudgeOne(WindowOf(Leak())).retention, 1, 0.05);
  SyntheticSite site = Leak();
  site.turnover_bytes_per_second = 80 * kMiB / kHour;
  EXPECT_NEAR(*JudgeOne(WindowOf(site)).retention, 0.25, 0.05);
}

TEST(Evidence, SaysWhetherItBeganWithADeployOrARestart) {
  SyntheticOptions options;
  options.restart_at = {2 * kHour};
  options.seconds = 14 * kHour;
  SiteWindow window = WindowOf(Leak(), options);
  EXPECT_EQ(JudgeOne(window).onset, Onset::kProcessStart);
  for (Observation& observation : window.observations) observation.build = observation.lifetime;
  EXPECT_EQ(JudgeOne(window).onset, Onset::kDeploy);
  EXPECT_EQ(JudgeOne(WindowOf(Leak())).onset, Onset::kProcessStart);
}

TEST(Evidence, SaysWhatIsLackingBeforeTheWarmUpIsOver) {
  SyntheticOptions options;
  options.seconds = 10 * 60 + 1;
  EXPECT_THAT(JudgeOne(WindowOf(Leak(), options)).reason, HasSubstr("10 min"));
  // Twelve hours, but only six collections.
  options.seconds = 12 * kHour;
  options.scrapes_per_gc = 120;
  EXPECT_EQ(JudgeOne(WindowOf(Leak(), options)).kind, VerdictKind::kInsufficientData);
}

TEST(TrendOptions, LetGrowthCountByTheLimit) {
  EXPECT_EQ(JudgeWithLimit(Leak(), 12, 100 * kGiB).kind, VerdictKind::kLeak);
  // A thousandth of it is more than the 240 MiB that came.
  EXPECT_EQ(JudgeWithLimit(Leak(), 12, 300 * kGiB).kind, VerdictKind::kStable);
}

TEST(TrendOptions, LetALeakBeCalledAtOnceThatHasEatenMostOfWhatWasFree) {
  // Some 110 MiB grown in 6 h, of 130 to 140 that were free; of 230 to 240.
  EXPECT_EQ(JudgeWithLimit(Leak(), 6, 150 * kMiB).kind, VerdictKind::kLeak);
  const Verdict roomy = JudgeWithLimit(Leak(), 6, 250 * kMiB);
  EXPECT_EQ(roomy.kind, VerdictKind::kGrowing);
  EXPECT_TRUE(roomy.only_patience_lacks);
}

TEST(TrendOptions, LookNoFurtherBackThanTheLongestWindow) {
  TrendOptions trend;
  trend.max_window = hours(6);
  const SiteWindow window = WindowOf(Leak());
  const Verdict verdict = JudgeOne(window, trend);
  EXPECT_EQ(verdict.kind, VerdictKind::kGrowing);
  EXPECT_NEAR(Seconds(verdict.growing_for), 6 * kHour, 300);
  ASSERT_TRUE(verdict.stretches[0]);
  EXPECT_NEAR(verdict.stretches[0]->seconds, 6 * kHour, 300);
}

// It fills up and is busy ever after: that costs more than the memory.
TEST(Churn, IsToldOfAPlateauAndNotOfAGrowth) {
  const auto judge = [](double fills_for_hours) {
    return JudgeOne(WindowOf(
        {.function = "busy",
         .object_bytes = 65536,
         .live_bytes =
             [=](double t) { return (50 + 60 * std::min(t / kHour, fills_for_hours)) * kMiB; },
         .turnover_bytes_per_second = 20e6}));
  };
  EXPECT_EQ(judge(3).kind, VerdictKind::kChurn);
  EXPECT_THAT(judge(3).reason, HasSubstr("allocates"));
  EXPECT_EQ(judge(12).kind, VerdictKind::kLeak);
}

}  // namespace
}  // namespace heapwatch
