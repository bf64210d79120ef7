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

}  // namespace
}  // namespace heapwatch
