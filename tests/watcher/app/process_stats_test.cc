#include "watcher/app/process_stats.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

constexpr const char* kStat =
    "42 (a name) with ) R 1 42 42 0 -1 4194304 900 0 0 0 250 50 0 0 20 0 7 0 1000 8192000 300 "
    "18446744073709551615 1 1 0 0 0 0";

TEST(ProcessStats, AreReadFromTheFieldsAfterTheName) {
  const auto stats = ParseProcessStat(kStat, 1'000'000, 100, 4096);
  ASSERT_TRUE(stats.has_value());
  EXPECT_DOUBLE_EQ(stats->cpu_seconds, 3);
  EXPECT_DOUBLE_EQ(stats->start_time_unix_seconds, 1'000'010);
  EXPECT_EQ(stats->threads, 7);
  EXPECT_EQ(stats->virtual_bytes, 8'192'000);
  EXPECT_EQ(stats->resident_bytes, 300 * 4096);
}

TEST(ProcessStats, AreAbsentWhereTheFileIsNotAsExpected) {
  EXPECT_FALSE(ParseProcessStat("", 0, 100, 4096));
  EXPECT_FALSE(ParseProcessStat("42 (name) R 1 2 3", 0, 100, 4096));
}

TEST(ProcessStats, TellOfThisProcess) {
  const auto stats = ReadProcessStats();
  ASSERT_TRUE(stats.has_value());
  EXPECT_GT(stats->resident_bytes, 100'000);
  EXPECT_GT(stats->open_fds, 2);
  EXPECT_GT(stats->max_fds, stats->open_fds);
  EXPECT_GT(stats->start_time_unix_seconds, 1'000'000'000);
}

}  // namespace
}  // namespace heapwatch
