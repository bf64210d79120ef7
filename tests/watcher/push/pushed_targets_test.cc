#include "watcher/push/pushed_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/paths.h"
#include "tests/support/test_profile.h"

namespace heapwatch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct SetClock : Clock {
  Time Now() const override { return now; }
  Time now = *ParseTime("2026-05-01T12:00:00Z", Time());
};

class PushedTargetsTest : public ::testing::Test {
 protected:
  tl::expected<void, PushError> Push(const std::string& service, std::string_view profile,
                                     bool is_delta = false,
                                     std::optional<Time> time = std::nullopt) {
    PushRequest push{{{"service", service}}, time, profile, is_delta};
    return targets_.Push(push, "10.0.0.7");
  }

  SetClock clock_;
  bool sink_throws_ = false;
  const std::string profile_ = TestProfileBytes(1 << 20);
  std::vector<std::optional<std::int64_t>> allocated_;
  std::vector<Time> times_;
  PushedTargets targets_{
      clock_,
      [this](const Labels&, Time time, const HeapProfile& profile) -> Result<void> {
        if (sink_throws_) throw std::runtime_error("the sink broke");
        times_.push_back(time);
        EXPECT_EQ(profile.total(Quantity::kInuseSpace), 1 << 20);
        allocated_.push_back(profile.total(Quantity::kAllocSpace));
        return {};
      },
      [](const Labels& labels) { return Get(labels, "service") == "scraped"; },
      PushLimits{.under_way = 3, .targets = 2}};
};

TEST_F(PushedTargetsTest, CountsFromNowWhereTheClockWasSetBack) {
  ASSERT_TRUE(Push("checkout", profile_));
  clock_.now -= minutes(60);
  targets_.Forget();
  clock_.now += seconds(15);
  ASSERT_TRUE(Push("checkout", profile_));
  EXPECT_EQ(targets_.Targets()[0].interval, seconds(15));
  clock_.now -= minutes(60);
  targets_.Forget();
  clock_.now += minutes(20);
  targets_.Forget();
  EXPECT_TRUE(targets_.Targets().empty());
}

TEST_F(PushedTargetsTest, KeepsAProfileAndTellsOfItsTarget) {
  ASSERT_TRUE(Push("checkout", profile_));
  clock_.now += seconds(15);
  ASSERT_TRUE(Push("checkout", profile_));
  const auto statuses = targets_.Statuses();
  ASSERT_EQ(statuses.size(), 1U);
  EXPECT_TRUE(statuses[0].up);
  EXPECT_EQ(statuses[0].url, "pushed by 10.0.0.7");
  EXPECT_EQ(statuses[0].scrapes, 2U);
  EXPECT_EQ(targets_.Targets()[0].interval, seconds(15));
}

TEST_F(PushedTargetsTest, TakesTheNextProfileOfATargetAfterTheSinkHasThrown) {
  ASSERT_TRUE(Push("checkout", profile_));
  clock_.now += seconds(15);
  sink_throws_ = true;
  EXPECT_EQ(Push("checkout", profile_).error().code, ErrorCode::kInternal);
  EXPECT_EQ(targets_.Statuses().at(0).last_error, "the sink broke");
  sink_throws_ = false;
  const auto next = Push("checkout", profile_);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_TRUE(targets_.Statuses().at(0).up);
}

TEST_F(PushedTargetsTest, TakesDifferencesOfAllocForAbsentNotForTotals) {
  ASSERT_TRUE(Push("checkout", profile_, /*is_delta=*/true));
  ASSERT_TRUE(Push("other", profile_));
  EXPECT_THAT(allocated_, ElementsAre(std::nullopt, std::optional<std::int64_t>(2 << 20)));
}

TEST_F(PushedTargetsTest, ForgetsWhoPushesNoMore) {
  ASSERT_TRUE(Push("checkout", profile_));
  clock_.now += minutes(5);
  targets_.Forget();
  EXPECT_EQ(targets_.Statuses().size(), 1U);
  clock_.now += seconds(1);
  targets_.Forget();
  EXPECT_TRUE(targets_.Statuses().empty());
}

TEST_F(PushedTargetsTest, RefusesTimesThatCannotBeAndWhatComesTooFast) {
  ASSERT_TRUE(Push("checkout", profile_));
  EXPECT_EQ(Push("checkout", profile_).error().code, ErrorCode::kLimit);
  EXPECT_EQ(Push("checkout", profile_, false, clock_.now - seconds(30)).error().code,
            ErrorCode::kLimit);
  EXPECT_EQ(Push("other", profile_, false, clock_.now - minutes(61)).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(Push("other", profile_, false, clock_.now + minutes(2)).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Push("other", profile_, false, clock_.now - minutes(3)));
  EXPECT_THAT(times_, ElementsAre(clock_.now, clock_.now - minutes(3)));
}

TEST_F(PushedTargetsTest, BoundsTargetsAndLeavesScrapedOnesAlone) {
  EXPECT_THAT(Push("scraped", profile_).error().message, HasSubstr("is scraped"));
  ASSERT_TRUE(Push("a", profile_) && Push("b", profile_));
  EXPECT_EQ(Push("c", profile_).error().code, ErrorCode::kLimit);
}

TEST_F(PushedTargetsTest, KnowsWhatIsNoHeapFromABrokenOne) {
  std::ostringstream cpu;
  cpu << std::ifstream(InSource("testdata/profiles/go1.19.cpu.pb.gz")).rdbuf();
  ASSERT_FALSE(cpu.str().empty());
  EXPECT_EQ(Push("checkout", cpu.str()).error().code, ErrorCode::kWrongFormat);
  EXPECT_TRUE(targets_.Statuses().empty());
  ASSERT_TRUE(Push("checkout", profile_));
  clock_.now += seconds(15);
  EXPECT_FALSE(Push("checkout", cpu.str()));
  EXPECT_TRUE(targets_.Statuses()[0].up);  // its heap is well, whatever else it sends
  EXPECT_FALSE(Push("checkout", profile_.substr(0, profile_.size() / 2)));
  EXPECT_FALSE(targets_.Statuses()[0].up);
}

TEST_F(PushedTargetsTest, GivesPlacesToFewAtOnceAndFewerOfOnePeer) {
  const auto first = targets_.Enter("10.0.0.7");
  auto second = targets_.Enter("10.0.0.7");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(targets_.Enter("10.0.0.7"));
  const auto third = targets_.Enter("10.0.0.8");
  EXPECT_TRUE(third);
  EXPECT_FALSE(targets_.Enter("10.0.0.9"));
  second.reset();
  EXPECT_TRUE(targets_.Enter("10.0.0.9"));
}

}  // namespace
}  // namespace heapwatch
