#include "analysis/base/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace heapwatch {
namespace {

const std::vector<std::string> kKnown = {"cart", "checkout", "chat"};

TEST(NearestName, FindsWhatAFewLettersMakeOfIt) {
  EXPECT_EQ(NearestName("chekcout", kKnown), "checkout");
  EXPECT_EQ(NearestName("checkout-eu", kKnown), "checkout");
  EXPECT_EQ(NearestName("char", kKnown), "chat");
  EXPECT_EQ(NearestName("ca", kKnown), "cart");
}

TEST(NearestName, FindsNothingWhereNoneIsNear) {
  EXPECT_EQ(NearestName("payment", kKnown), std::nullopt);
  EXPECT_EQ(NearestName("", kKnown), std::nullopt);
  EXPECT_EQ(NearestName(std::string(100'000, 'c'), kKnown), std::nullopt);
  EXPECT_EQ(NearestName("cart", {}), std::nullopt);
}

}  // namespace
}  // namespace heapwatch
