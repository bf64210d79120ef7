#include "alerting/text.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

TEST(ToValidUtf8, LeavesValidTextAlone) {
  for (const char* valid : {"", "plain", "±", "日本語", "\U0001F600", "a\u00e9b"})
    EXPECT_EQ(ToValidUtf8(valid), valid);
}

TEST(ToValidUtf8, ReplacesEachByteThatIsNotValid) {
  EXPECT_EQ(ToValidUtf8("a\x80z"), "a?z");
  EXPECT_EQ(ToValidUtf8("\xc3"), "?");
  EXPECT_EQ(ToValidUtf8("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(ToValidUtf8("\xe0\x80\xaf"), "???");       // overlong
  EXPECT_EQ(ToValidUtf8("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(ToValidUtf8("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
}

TEST(Cut, CountsRunesNotBytes) {
  EXPECT_EQ(CountRunes("±a±"), 3U);
  EXPECT_EQ(CutEnd("±a±", 3), "±a±");
  EXPECT_EQ(CutEnd("±a±b", 3), "±a…");
  EXPECT_EQ(CutBegin("±a±b", 3), "…±b");
  EXPECT_EQ(CutEnd("abc", 1), "…");
  EXPECT_EQ(CutBegin("abc", 1), "…");
  EXPECT_EQ(CutEnd("abc", 0), "");
}

}  // namespace
}  // namespace heapwatch
