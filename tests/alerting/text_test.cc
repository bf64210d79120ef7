#include "alerting/text.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

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
