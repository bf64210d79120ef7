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

TEST(LabelValue, KeepsLongValuesApart) {
  const std::string longest(kMaxLabelRunes, 'x');
  EXPECT_EQ(LabelValue(longest), longest);
  const std::string cut = LabelValue(longest + "1");
  EXPECT_EQ(CountRunes(cut), kMaxLabelRunes);
  EXPECT_EQ(cut.substr(0, 200), longest.substr(0, 200));
  EXPECT_EQ(LabelValue(longest + "1"), cut);
  EXPECT_NE(LabelValue(longest + "2"), cut);
}

}  // namespace
}  // namespace heapwatch
