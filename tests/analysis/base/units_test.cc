#include "analysis/base/units.h"

#include <gtest/gtest.h>

#include "analysis/base/labels.h"

namespace heapwatch {
namespace {

TEST(FormatBytes, KeepsThreeDigitsAtMost) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(3.1 * 1024 * 1024), "3.1 MiB");
  EXPECT_EQ(FormatBytes(-250.0 * 1024 * 1024), "-250 MiB");
  EXPECT_EQ(FormatBytes(1024.0 * 1024 - 1), "1.0 MiB");
}

TEST(FormatCount, GroupsByThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
  EXPECT_EQ(FormatCount(-123456), "-123,456");
}

TEST(FormatRange, ReadsWell) {
  EXPECT_EQ(FormatRange("2.6", "3.7"), "2.6-3.7");
  EXPECT_EQ(FormatRange("-0.2", "3.7"), "-0.2 to 3.7");
  EXPECT_EQ(FormatRange("3", "3"), "3");
}

TEST(ParseBytes, ReadsSizesAsPrometheusDoes) {
  EXPECT_EQ(ParseBytes("512").value(), 512);
  EXPECT_EQ(ParseBytes("512B").value(), 512);
  EXPECT_EQ(ParseBytes("64KB").value(), 64 << 10);
  EXPECT_EQ(ParseBytes("16MiB").value(), 16 << 20);
  EXPECT_EQ(ParseBytes("1.5 GB").value(), std::int64_t{3} << 29);
  for (const char* bad :
       {"", "MB", "64mb", "64 megs", "-1MB", "1e3", "nan", "inf", "9999EB", "1Ki", "1iB"})
    EXPECT_FALSE(ParseBytes(bad).has_value()) << bad;
}

TEST(FormatNumber, UsesTheFewestDigitsThatSuffice) {
  EXPECT_EQ(FormatNumber(0.02), "0.02");
  EXPECT_EQ(FormatNumber(6), "6");
}

TEST(Labels, PrintEscaped) {
  EXPECT_EQ(ToString(Labels{{"job", "a\"b\\c\nd"}, {"b", ""}}), R"({b="", job="a\"b\\c\nd"})");
  EXPECT_EQ(Get(Labels{{"job", "x"}}, "nope"), "");
}

}  // namespace
}  // namespace heapwatch
