#include "analysis/base/utf8.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

TEST(Utf8, KeepsWellFormedText) {
  for (const std::string text : {"", "main.f", "größer", "堆", "\xF0\x9F\x90\x88"})
    EXPECT_EQ(ToUtf8(text), text);
}

TEST(Utf8, ReplacesEachBrokenByte) {
  EXPECT_EQ(ToUtf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ToUtf8("a\xC3"), "a\xEF\xBF\xBD") << "cut off";
  EXPECT_EQ(ToUtf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(ToUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "surrogate";
  EXPECT_EQ(ToUtf8("\xF5\x80\x80\x80").size(), 12U) << "beyond U+10FFFF";
}

}  // namespace
}  // namespace heapwatch
