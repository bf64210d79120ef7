#include "analysis/trend/course_curve.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heapwatch {
namespace {

constexpr double kMiB = 1 << 20;

Time Minute(double minute) { return Time(Duration(std::llround(60'000 * minute))); }

// Points at each minute from 0 to `last`.
template <class F>
std::optional<CourseCurve> Curve(const Verdict& verdict, int last, F bytes_at) {
  std::vector<Time> times;
  std::vector<double> bytes;
  for (int minute = 0; minute <= last; ++minute) {
    times.push_back(Minute(minute));
    bytes.push_back(bytes_at(minute));
  }
  return CurveOf(verdict, times, bytes);
}

Verdict Over(double from, double to, std::string_view course) {
  Verdict verdict;
  verdict.from = Minute(from);
  verdict.to = Minute(to);
  verdict.course = course;
  return verdict;
}

TEST(CourseCurve, RunsThroughTheExampleOfTheHeader) {
  Verdict verdict = Over(0, 3, "a line");
  verdict.slope_interval = {.low = 1.5 * kMiB / 60, .high = 2.5 * kMiB / 60};
  const auto curve = Curve(verdict, 3, [](int m) { return (10 + 2 * m) * kMiB; });
  ASSERT_TRUE(curve);
  EXPECT_EQ(curve->times.back(), Minute(3));
  EXPECT_NEAR(curve->bytes.front(), 10 * kMiB, 1);
  EXPECT_NEAR(curve->bytes.back(), 16 * kMiB, 1);
  EXPECT_NEAR(curve->low.back(), 15.25 * kMiB, 1);
  EXPECT_NEAR(curve->high.back(), 16.75 * kMiB, 1);
}

TEST(CourseCurve, LevelsOffWhereTheVerdictSaysSo) {
  const auto filling = [](int m) { return 100 * kMiB * -std::expm1(-m / 12.0); };
  const auto curve = Curve(Over(0, 60, "a saturating curve"), 60, filling);
  ASSERT_TRUE(curve);
  for (std::size_t i = 0; i < curve->times.size(); ++i) {
    const double minute = Seconds(curve->times[i] - Minute(0)) / 60;
    EXPECT_NEAR(curve->bytes[i], 100 * kMiB * -std::expm1(-minute / 12), kMiB) << minute;
  }
}

TEST(CourseCurve, KeepsToTheStretchOfTheVerdict) {
  const auto began = [](int m) { return m < 30 ? 5 * kMiB : (5.0 + m - 30) * kMiB; };
  const auto curve = Curve(Over(30, 60, "a ramp that began"), 90, began);
  ASSERT_TRUE(curve);
  EXPECT_EQ(curve->times.front(), Minute(30));
  EXPECT_EQ(curve->times.back(), Minute(60));
  EXPECT_NEAR(curve->bytes.back(), 35 * kMiB, 1);
}

TEST(CourseCurve, IsAsWideAsThePointsScatterWhereTheSlopeSaysNothing) {
  const auto noisy = [](int m) { return (10 + (m % 2 == 0 ? 1 : -1)) * kMiB; };
  const auto curve = Curve(Over(0, 60, "constant"), 60, noisy);
  ASSERT_TRUE(curve);
  EXPECT_GT(curve->high[30] - curve->bytes[30], 0.1 * kMiB);
  EXPECT_LT(curve->high[30] - curve->bytes[30], kMiB);
}

TEST(CourseCurve, IsAbsentWithoutACourseOrWithoutPoints) {
  const auto level = [](int) { return kMiB; };
  EXPECT_FALSE(Curve(Over(0, 60, ""), 60, level));
  EXPECT_FALSE(Curve(Over(100, 160, "a line"), 60, level));
  EXPECT_FALSE(Curve(Over(5, 5, "a line"), 60, level));
}

}  // namespace
}  // namespace heapwatch
