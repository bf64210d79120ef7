#include "watcher/scrape/scrape_pace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <vector>

namespace heapwatch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kNoShare = std::numeric_limits<double>::infinity();
constexpr std::size_t kMib = 1U << 20;

Pace NextOf(const ScrapePace& pace, const ScrapeBudgetConfig& budget = {},
            double fair_bytes_per_minute = kNoShare) {
  return pace.Next(minutes(1), budget, fair_bytes_per_minute);
}

TEST(ScrapePace, IsAsConfiguredWhereItFits) {
  ScrapePace pace;
  EXPECT_EQ(NextOf(pace), (Pace{minutes(1), StretchReason::kNone}));
  pace.Observe({seconds(6), 32 * kMib, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(1), StretchReason::kNone}));
}

TEST(ScrapePace, IsStretchedWhereServingTakesMoreThanItsShare) {
  ScrapePace pace;
  pace.Observe({seconds(16), 0, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(3), StretchReason::kServing}));
}

TEST(ScrapePace, ForgivesOneAnswerThatIsLateButNotTwo) {
  ScrapePace pace;
  for (int i = 0; i < 10; ++i) pace.Observe({seconds(1), 0, false});
  pace.Observe({seconds(16), 0, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(1), StretchReason::kNone}));
  pace.Observe({seconds(16), 0, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(2), StretchReason::kServing}));
}

TEST(ScrapePace, ComesBackOnceServingIsFastAgain) {
  ScrapePace pace;
  pace.Observe({seconds(16), 0, false});
  EXPECT_EQ(NextOf(pace).interval, minutes(3));
  for (int i = 0; i < 10; ++i) pace.Observe({seconds(1), 0, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(1), StretchReason::kNone}));
}

TEST(ScrapePace, KeepsATargetWithinItsBytes) {
  ScrapePace pace;
  pace.Observe({seconds(0), 65 * kMib, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(3), StretchReason::kBytes}));
  // One that is refused tells nothing of the size.
  pace.Observe({seconds(0), 0, true});
  EXPECT_EQ(NextOf(pace).interval, minutes(3));
}

TEST(ScrapePace, KeepsATargetWithinItsPartOfAllBytes) {
  ScrapePace pace;
  pace.Observe({seconds(0), 10 * kMib, false});
  EXPECT_EQ(NextOf(pace, {}, 4.0 * kMib), (Pace{minutes(3), StretchReason::kTotalBytes}));
}

TEST(ScrapePace, BacksOffFromTheThirdFailureOnAndNotForEver) {
  ScrapePace pace;
  const auto fail = [&] {
    pace.Observe({seconds(0), 0, true});
    return NextOf(pace);
  };
  EXPECT_EQ(fail().interval, minutes(1));
  EXPECT_EQ(fail().interval, minutes(1));
  EXPECT_EQ(fail(), (Pace{minutes(2), StretchReason::kFailing}));
  EXPECT_EQ(fail().interval, minutes(4));
  EXPECT_EQ(fail().interval, minutes(8));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fail().interval, minutes(8));
  EXPECT_EQ(pace.Next(minutes(4), {}, kNoShare).interval, minutes(8));
  EXPECT_EQ(pace.Next(minutes(15), {}, kNoShare).interval, minutes(15));
  pace.Observe({seconds(0), 0, false});
  EXPECT_EQ(NextOf(pace), (Pace{minutes(1), StretchReason::kNone}));
}

TEST(PaceNews, IsOneStretchHoweverOftenItCrossesItsBudget) {
  PaceNews news;
  const auto normal = [&] { return news.IsNews(StretchReason::kNone); };
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(normal());
  EXPECT_TRUE(news.IsNews(StretchReason::kServing));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(news.IsNews(StretchReason::kBytes));
    for (int n = 0; n < 9; ++n) EXPECT_FALSE(normal());
  }
  EXPECT_TRUE(normal());
  EXPECT_FALSE(normal());
  EXPECT_TRUE(news.IsNews(StretchReason::kFailing));
}

TEST(FairShare, LimitsTheLargestAlone) {
  EXPECT_EQ(FairShare({90, 10, 20}, 80), 50);
  EXPECT_EQ(FairShare({90, 90}, 80), 40);
  EXPECT_EQ(FairShare({10, 20, 50}, 80), kNoShare);
  EXPECT_EQ(FairShare({}, 80), kNoShare);
}

// Whatever the mixture, what all bring at their new intervals is within the total.
TEST(FairShare, KeepsAllWithinTheTotal) {
  const ScrapeBudgetConfig budget{.total_bytes_per_minute = 40 * kMib};
  std::vector<ScrapePace> paces;
  std::vector<double> rates;
  for (std::size_t i = 0; i < 100; ++i) {
    paces.emplace_back().Observe({Duration(1), i * i * (kMib / 256), false});
    rates.push_back(paces.back().BytesPerMinute(minutes(1)));
  }
  const double share = FairShare(rates, static_cast<double>(budget.total_bytes_per_minute));
  double sum = 0;
  for (const ScrapePace& pace : paces)
    sum += pace.BytesPerMinute(NextOf(pace, budget, share).interval);
  EXPECT_LE(sum, 40.0 * kMib);
  EXPECT_GT(sum, 20.0 * kMib);
  EXPECT_EQ(NextOf(paces[1], budget, share).interval, minutes(1));
}

}  // namespace
}  // namespace heapwatch
