#include "analysis/trend/explain.h"

#include <gtest/gtest.h>

#include "analysis/trend/growth.h"

namespace heapwatch {
namespace {

constexpr double kMiBPerHour = 1024.0 * 1024 / 3600;

TEST(SlopeText, TellsTheIntervalInTheUnitOfTheSlope) {
  const auto text = [](double slope, double low, double high) {
    return SlopeText(slope * kMiBPerHour, {low * kMiBPerHour, high * kMiBPerHour});
  };
  EXPECT_EQ(text(3.1, 2.6, 3.7), "3.1 MiB/h (2.6-3.7)");
  EXPECT_EQ(text(1017, 808, 1226), "1017 MiB/h (808-1226)");
  EXPECT_EQ(text(1.5, -0.2, 3.2), "1.5 MiB/h (-0.2 to 3.2)");
  EXPECT_EQ(text(1e-6, -10, 12), "1 B/h (-10.0 MiB/h to 12.0 MiB/h)");
  EXPECT_EQ(SlopeText(kMiBPerHour, {kMiBPerHour, 2 * kMiBPerHour}, "95 %: "),
            "1.0 MiB/h (95 %: 1.0-2.0)");
}

TEST(ExplainGrowth, CallsNoCourseOfALeakOneThatLevelsOff) {
  Growth growth;
  growth.shape.best.course = Course::kSaturating;
  Verdict verdict;
  verdict.kind = VerdictKind::kLeak;
  verdict.course = ToString(Course::kSaturating);
  EXPECT_NE(ExplainGrowth(verdict, growth).find("it follows a curve that hardly bends and courses"),
            std::string::npos);
  growth.shape.best.course = Course::kLine;
  EXPECT_NE(ExplainGrowth(verdict, growth).find("it follows a line and courses"),
            std::string::npos);
}

TEST(ExplainGrowth, TellsWhatKeepsAGrowthFromBeingALeak) {
  Growth growth;
  growth.growth_bytes = growth.above_give_backs_bytes = 1;
  growth.in_every_third = growth.keeps_pace = true;
  Verdict verdict;
  verdict.kind = VerdictKind::kGrowing;
  const auto says = [&](std::string_view why) {
    return ExplainGrowth(verdict, growth).find(why) != std::string::npos;
  };
  EXPECT_TRUE(says("not a leak yet: how fast it grows is not known well enough"));
  growth.unresolved = true;
  EXPECT_TRUE(says("not a leak yet: a course that levels off fits about as well"));
}

}  // namespace
}  // namespace heapwatch
