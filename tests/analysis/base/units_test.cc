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

TEST(Labels, PrintEscaped) {
  EXPECT_EQ(ToString(Labels{{"job", "a\"b\\c\nd"}, {"b", ""}}), R"({b="", job="a\"b\\c\nd"})");
  EXPECT_EQ(Get(Labels{{"job", "x"}}, "nope"), "");
}

}  // namespace
}  // namespace heapwatch
