#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "alerting/alert_state.h"
#include "tests/alerting/watched_service.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

TEST(AlertState, SavesTheSameTextAfterRestoring) {
  WatchedService s;
  s.SeeFor(4, WithLimit(20, 30));
  s.See(WithLimit(2, 3));
  const std::string saved = s.state().Save();
  s.Restart();
  EXPECT_EQ(s.state().Save(), saved);
}

TEST(AlertState, RefusesWhatItDidNotSaveAndStaysAsItIs) {
  WatchedService s;
  s.FireNow();
  const std::string saved = s.state().Save();
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[1]"), saved.substr(0, saved.size() / 2),
        std::string(R"({"version":1,"active":[],"resolved":[]})"),
        std::string(R"({"version":2,"active":7,"resolved":[]})")}) {
    const auto restored = s.state().Restore(bad);
    ASSERT_FALSE(restored.has_value()) << bad;
    EXPECT_EQ(restored.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(s.state().Save(), saved);
  }
}

// Older versions named sites as the programs do, and saved them so.
TEST(AlertState, GoesOnWhateverBytesItsNamesHave) {
  WatchedService s;
  TargetVerdicts target = OneSite(Replica("a:1"), MakeVerdict(VerdictKind::kLeak));
  target.sites[0].function = "\xff\xfe";
  s.Minute({target});
  ASSERT_EQ(s.Phase(), "firing");
  s.Restart();
  EXPECT_EQ(s.Phase(), "firing");
  std::string saved = s.state().Save();
  saved.replace(saved.find("\uFFFD"), 3, "\xe2\x82x");
  ASSERT_TRUE(s.state().Restore(saved));
  EXPECT_EQ(s.Phase(), "firing");
}

TEST(AlertState, KeepsWhatCanBeReadBesideWhatCannot) {
  WatchedService s;
  s.FireNow();
  const std::string saved = s.state().Save();
  std::string damaged = saved;
  damaged.insert(damaged.find("[") + 1, R"({"phase":"firing","key":{"service":"billing"}},)");
  damaged.insert(damaged.rfind("[") + 1, R"({"phase":"pending"})");
  const auto passed_over = s.state().Restore(damaged);
  ASSERT_TRUE(passed_over) << passed_over.error().message;
  ASSERT_EQ(passed_over->size(), 2U);
  EXPECT_THAT(passed_over->front(), HasSubstr(R"("service":"billing")"));
  EXPECT_EQ(s.state().Save(), saved);
}

}  // namespace
}  // namespace heapwatch
