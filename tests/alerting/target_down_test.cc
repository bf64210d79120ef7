#include "alerting/target_down.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

using std::chrono::minutes;

// One round with one target.
std::optional<Time> Round(DownTimes& times, std::optional<bool> is_up, Time now) {
  const auto since = times.Update(Replica("a:1"), is_up, now);
  times.EndRound();
  return since;
}

TEST(DownTimes, CountFromTheFirstFailureUntilItIsUpOrNoLongerWatched) {
  DownTimes times;
  EXPECT_EQ(Round(times, std::nullopt, kStart), std::nullopt);
  EXPECT_EQ(Round(times, false, kStart + minutes(1)), kStart + minutes(1));
  EXPECT_EQ(Round(times, false, kStart + minutes(2)), kStart + minutes(1));
  EXPECT_EQ(Round(times, true, kStart + minutes(3)), std::nullopt);
  EXPECT_EQ(Round(times, false, kStart + minutes(4)), kStart + minutes(4));
  times.EndRound();
  EXPECT_EQ(Round(times, false, kStart + minutes(6)), kStart + minutes(6));
}

TEST(DownTimes, CountFromNowWhereTheClockWasSetBack) {
  DownTimes times;
  Round(times, false, kStart);
  EXPECT_EQ(Round(times, false, kStart - minutes(60)), kStart - minutes(60));
  EXPECT_EQ(Round(times, false, kStart - minutes(50)), kStart - minutes(60));
}

TEST(DownTimes, StayUntilTheTargetsOfTheirJobAreFound) {
  DownTimes times;
  Round(times, false, kStart);
  const std::set<std::string> none;
  times.EndRound(none);
  EXPECT_EQ(Round(times, false, kStart + minutes(2)), kStart);
  times.Update(Replica("a:1"), true, kStart + minutes(3));
  times.EndRound(none);
  EXPECT_EQ(Round(times, false, kStart + minutes(4)), kStart + minutes(4));
  times.EndRound(std::set<std::string>{"shop"});
  EXPECT_EQ(Round(times, false, kStart + minutes(6)), kStart + minutes(6));
}

TEST(DownTimes, GoOnAfterAShortRestartAlone) {
  DownTimes before;
  Round(before, false, kStart);
  const std::string saved = before.Save(kStart + minutes(10));
  DownTimes after;
  ASSERT_TRUE(after.Restore(saved, kStart + minutes(15)));
  EXPECT_EQ(Round(after, std::nullopt, kStart + minutes(15)), kStart) << "not asked yet";
  EXPECT_EQ(Round(after, false, kStart + minutes(16)), kStart);
  DownTimes late;
  ASSERT_TRUE(late.Restore(saved, kStart + minutes(16)));
  EXPECT_EQ(Round(late, false, kStart + minutes(16)), kStart + minutes(16));
}

TEST(DownTimes, RefuseWhatTheyDidNotSaveAndStayAsTheyAre) {
  DownTimes times;
  Round(times, false, kStart);
  for (const std::string bad : {"", "{}", R"({"version":1,"time":1795345200000,"down":7})"}) {
    const auto restored = times.Restore(bad, kStart);
    ASSERT_FALSE(restored) << bad;
    EXPECT_EQ(restored.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_EQ(Round(times, false, kStart + minutes(1)), kStart);
}

TEST(DownTimes, KeepWhatCanBeReadBesideWhatCannot) {
  DownTimes before;
  Round(before, false, kStart);
  std::string saved = before.Save(kStart);
  saved.insert(saved.find("[") + 1, R"({"since":0},)");
  DownTimes after;
  const auto passed_over = after.Restore(saved, kStart);
  ASSERT_TRUE(passed_over) << passed_over.error().message;
  EXPECT_EQ(passed_over->size(), 1U);
  EXPECT_EQ(Round(after, false, kStart + minutes(1)), kStart);
}

}  // namespace
}  // namespace heapwatch
