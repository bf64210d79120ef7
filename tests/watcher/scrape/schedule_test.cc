#include "watcher/scrape/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace heapwatch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Time kNoon = FromUnixMillis(1'795'348'800'000);

TEST(ScrapeOffset, IsStableAndWithinTheInterval) {
  const Labels target = {{"instance", "10.0.0.1:6060"}, {"job", "api"}};
  const Duration offset = ScrapeOffset(target, minutes(1));
  EXPECT_EQ(offset, ScrapeOffset(target, minutes(1)));
  // As every earlier version had it: two watchers of one fleet agree.
  EXPECT_EQ(offset, Duration(21'403));
}

TEST(ScrapeOffset, SpreadsTargetsOverTheInterval) {
  std::vector<int> per_second(60);
  for (int i = 0; i < 6000; ++i) {
    const Labels target = {{"instance", "10.0.0." + std::to_string(i)}, {"job", "api"}};
    const Duration offset = ScrapeOffset(target, minutes(1));
    ASSERT_GE(offset, Duration(0));
    ASSERT_LT(offset, minutes(1));
    ++per_second[static_cast<std::size_t>(offset / seconds(1))];
  }
  EXPECT_GT(*std::min_element(per_second.begin(), per_second.end()), 50);
  EXPECT_LT(*std::max_element(per_second.begin(), per_second.end()), 150);
}

TEST(NextScrape, IsTheNextMomentOfItsOffset) {
  EXPECT_EQ(NextScrape(kNoon, {}, minutes(1), seconds(20)), kNoon + seconds(20));
  EXPECT_EQ(NextScrape(kNoon + seconds(30), {}, minutes(1), seconds(20)), kNoon + seconds(80));
}

TEST(NextScrape, DoesNotServeTheSameMomentTwiceWhereTheTimerWasEarly) {
  const Time due = kNoon + seconds(20);
  EXPECT_EQ(NextScrape(due, due, minutes(1), seconds(20)), due + minutes(1));
  EXPECT_EQ(NextScrape(due - Duration(3), due, minutes(1), seconds(20)), due + minutes(1));
}

TEST(NextScrape, SkipsTheMomentsASlowScrapeHasOverslept) {
  const Time due = kNoon + seconds(20);
  EXPECT_EQ(NextScrape(due + seconds(150), due, minutes(1), seconds(20)), due + minutes(3));
}

TEST(NextScrape, WaitsNoLongerThanAnIntervalAfterTheClockWasSetBack) {
  const Time due = kNoon + seconds(20);
  const Time set_back = due - std::chrono::hours(5);
  EXPECT_EQ(NextScrape(set_back, due, minutes(1), seconds(20)), set_back + minutes(1));
}

TEST(NextScrape, WorksBefore1970) {
  EXPECT_EQ(NextScrape(FromUnixMillis(-90'000), {}, minutes(1), seconds(20)),
            FromUnixMillis(-40'000));
}

}  // namespace
}  // namespace heapwatch
