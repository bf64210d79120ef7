#include "alerting/alert_log.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

AlertChange ChangeAt(int n) {
  return {.time = FromUnixMillis(n),
          .state = "firing",
          .labels = {{"alertname", "HeapLeak"}},
          .summary = "leaks",
          .note = std::to_string(n)};
}

TEST(AlertLog, KeepsTheLatestChanges) {
  AlertLog log;
  for (int i = 0; i < 2010; ++i) log.Append({ChangeAt(i)});
  ASSERT_EQ(log.changes().size(), AlertLog::kMaxChanges);
  EXPECT_EQ(log.changes().front(), ChangeAt(10));
  EXPECT_EQ(log.changes().back(), ChangeAt(2009));
}

TEST(AlertLog, IsTheSameAfterARestart) {
  AlertLog log;
  log.Append({ChangeAt(1), ChangeAt(2)});
  AlertLog restored;
  ASSERT_TRUE(restored.Restore(log.Save()).has_value());
  EXPECT_EQ(restored.changes(), log.changes());
  for (const char* bad : {"", "{}", R"({"version":9,"changes":[]})"}) {
    EXPECT_EQ(restored.Restore(bad).error().code, ErrorCode::kCorrupt) << bad;
    EXPECT_EQ(restored.changes().size(), 2U);
  }
}

TEST(AlertLog, KeepsWhatCanBeReadBesideWhatCannot) {
  AlertLog log;
  log.Append({ChangeAt(1), ChangeAt(2)});
  std::string saved = log.Save();
  saved.replace(saved.find("firing"), 6, "f\xffring");  // as older versions saved a name
  saved.insert(saved.find('[') + 1, R"({"state":"firing"},)");
  AlertLog restored;
  const auto passed_over = restored.Restore(saved);
  ASSERT_TRUE(passed_over.has_value()) << passed_over.error().message;
  ASSERT_EQ(passed_over->size(), 1U);
  EXPECT_NE(passed_over->front().find(R"({"state":"firing"})"), std::string::npos);
  ASSERT_EQ(restored.changes().size(), 2U);
  EXPECT_EQ(restored.changes()[0].state, "f\uFFFDring");
  EXPECT_EQ(restored.changes()[1], ChangeAt(2));
}

}  // namespace
}  // namespace heapwatch
