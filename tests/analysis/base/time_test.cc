#include "analysis/base/time.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

const Time kNow = FromUnixMillis(1'795'345'918'892);

TEST(ParseTime, ReadsTheThreeForms) {
  EXPECT_EQ(ParseTime("2026-11-22T13:11:58.892Z", kNow).value(), FromUnixMillis(1'795'353'118'892));
  EXPECT_EQ(ParseTime("2026-11-22T14:11:58+01:00", kNow).value(),
            FromUnixMillis(1'795'353'118'000));
  EXPECT_EQ(ParseTime("1795345918.892", kNow).value(), kNow);
  EXPECT_EQ(ParseTime("now", kNow).value(), kNow);
  EXPECT_EQ(ParseTime("now-1h30m", kNow).value(), kNow - std::chrono::minutes(90));
}

TEST(ParseTime, TakesADateAndATimeAsPeopleWriteThem) {
  const Time moment = ParseTime("2026-12-01T02:20:00Z", kNow).value();
  EXPECT_EQ(ParseTime("2026-12-01 02:20", kNow).value(), moment);
  EXPECT_EQ(ParseTime("2026-12-01 02:20:07", kNow).value(), moment + Duration(7000));
  EXPECT_EQ(ParseTime("2026-12-01 02:20:07.5", kNow).value(), moment + Duration(7500));
  EXPECT_EQ(ParseTime("2026-12-01 03:20+01:00", kNow).value(), moment);
}

TEST(ParseTime, NamesWhatItCannotRead) {
  for (const char* bad : {"", "yesterday", "now-", "now-3", "2026-13-01T00:00:00Z",
                          "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00Z",
                          "2026-01-01 00", "2026-01-01 00:00:", "2026-01-01 00:00.5",
                          "2026-01-01 24:00", "1795345918892000", "-5", "nan", "inf"}) {
    const auto t = ParseTime(bad, kNow);
    ASSERT_FALSE(t.has_value()) << bad;
    EXPECT_NE(t.error().message.find('"'), std::string::npos);
  }
}

TEST(ParseDuration, FollowsPrometheus) {
  EXPECT_EQ(ParseDuration("15s").value(), std::chrono::seconds(15));
  EXPECT_EQ(ParseDuration("1h30m").value(), std::chrono::minutes(90));
  EXPECT_EQ(ParseDuration("250ms").value(), Duration(250));
  EXPECT_EQ(ParseDuration("1w").value(), std::chrono::hours(168));
  for (const char* bad : {"", "s", "1", "1.5h", "1m1h", "1h1h", "-1s", "1 h"})
    EXPECT_FALSE(ParseDuration(bad).has_value()) << bad;
}

TEST(ParseDuration, RefusesWhatNoTimerCanWaitFor) {
  EXPECT_EQ(ParseDuration("100y").value(), std::chrono::hours(100 * 365 * 24));
  for (const char* bad : {"300y", "100y1ms", "99999999999999999y"}) {
    const auto duration = ParseDuration(bad);
    ASSERT_FALSE(duration.has_value()) << bad;
    EXPECT_EQ(duration.error().message,
              "\"" + std::string(bad) + "\" is too long a duration: at most 100y");
  }
}

TEST(FormatDuration, IsReadBackUnchanged) {
  for (const std::int64_t ms : {0, 1, 999, 1000, 90'061'001, 86'400'000})
    EXPECT_EQ(ParseDuration(FormatDuration(Duration(ms))).value(), Duration(ms));
  EXPECT_EQ(FormatDuration(std::chrono::minutes(90)), "1h30m");
}

TEST(FormatRfc3339, IsReadBackUnchanged) {
  EXPECT_EQ(FormatRfc3339(FromUnixMillis(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(ParseTime(FormatRfc3339(kNow), kNow).value(), kNow);
}

}  // namespace
}  // namespace heapwatch
