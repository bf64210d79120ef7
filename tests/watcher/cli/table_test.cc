#include "watcher/cli/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "watcher/cli/site_cells.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Column> kColumns = {{"VERDICT"}, {"LIVE", true}, {"SITE"}};

TEST(RenderTable, SetsColumnsUnderEachOther) {
  EXPECT_EQ(RenderTable(kColumns,
                        {{{"leak"}, {"9 MiB"}, {"main.größe"}}, {{"stable"}, {"1 B"}, {""}}}, {}),
            "VERDICT   LIVE  SITE\n"
            "leak     9 MiB  main.größe\n"
            "stable     1 B\n");
}

TEST(RenderTable, PaintsOnATerminalOnlyAndCutsTheLastColumn) {
  const std::vector<std::vector<Cell>> rows = {
      {{"leak", Colour::kRed}, {"1 B"}, {"main.somewhere"}}};
  const std::string painted = RenderTable(kColumns, rows, {true, 20});
  EXPECT_THAT(painted, HasSubstr("\x1b[31mleak\x1b[0m"));
  EXPECT_THAT(painted, HasSubstr("main…\n"));
  EXPECT_THAT(RenderTable(kColumns, rows, {}), Not(HasSubstr("\x1b")));
}

TEST(RenderTable, LetsNobodySteerTheTerminal) {
  EXPECT_THAT(RenderTable(kColumns, {{{"leak"}, {""}, {"\x1b]0;mine\x07"}}}, {}),
              HasSubstr("?]0;mine?"));
}

TEST(LimitCell, TellsWhenTheLimitIsReached) {
  const auto limit = [](double low, double high) {
    return LimitCell({{"to_limit_low_seconds", low}, {"to_limit_high_seconds", high}}).text;
  };
  EXPECT_EQ(limit(3600, 7260), "1h-2h1m");
  EXPECT_EQ(limit(0, 59), "0s-1m");
  EXPECT_EQ(limit(0, 0), "reached");
  EXPECT_EQ(LimitCell({{"to_limit_low_seconds", 7200}}).text, "over 2h");
}

TEST(Sparkline, DrawsTheCourseFromZero) {
  EXPECT_EQ(Sparkline(std::vector<double>{0, 10, 20, 30}, 4), "▁▃▆█");
  EXPECT_EQ(Sparkline(std::vector<double>{30, 30}, 40), "██");
  EXPECT_EQ(Sparkline(std::vector<double>{0, 0}, 40), "▁▁");
  EXPECT_EQ(Sparkline(std::vector<double>{1, 3, 4, 4}, 2), "▅█");
  EXPECT_EQ(Sparkline({}, 40), "");
}

}  // namespace
}  // namespace heapwatch
