#include "analysis/trend/churn.h"

#include <gtest/gtest.h>

#include <vector>

namespace heapwatch {
namespace {

// A scrape a minute; `rates` is what is allocated in each of them, bytes a second.
struct Series {
  explicit Series(const std::vector<double>& rates, double inuse_bytes) {
    double allocated = 0;
    for (std::size_t i = 0; i <= rates.size(); ++i) {
      life.columns.push_back(static_cast<std::uint32_t>(i));
      life.seconds.push_back(static_cast<double>(i) * 60);
      inuse.push_back(inuse_bytes);
      alloc.push_back(allocated);
      if (i < rates.size()) allocated += rates[i] * 60;
    }
  }
  std::optional<ChurnRate> Recent(Duration stretch) const {
    return RecentChurn(life, inuse, alloc, stretch);
  }
  Timeline life;
  std::vector<double> inuse;
  std::vector<double> alloc;
};

constexpr Duration kHalfAnHour = std::chrono::minutes(30);

TEST(Churn, IsTheMeanOfTheStretchAlone) {
  std::vector<double> rates(30, 50e6);
  rates.insert(rates.end(), 30, 1e6);
  const auto rate = Series(rates, 2e6).Recent(kHalfAnHour - std::chrono::minutes(1));
  ASSERT_TRUE(rate);
  EXPECT_DOUBLE_EQ(rate->alloc_bytes_per_second, 1e6);
  EXPECT_DOUBLE_EQ(rate->inuse_bytes, 2e6);
  EXPECT_TRUE(IsChurn(*rate, {}));
}

TEST(Churn, NeedsItsWholeTime) {
  EXPECT_TRUE(IsChurn(*Series(std::vector<double>(28, 1e6), 2e6).Recent(kHalfAnHour), {}));
  EXPECT_FALSE(IsChurn(*Series(std::vector<double>(20, 1e6), 2e6).Recent(kHalfAnHour), {}));
}

TEST(Churn, IsDeniedToMemoryThatStaysAWhile) {
  EXPECT_FALSE(IsChurn(*Series(std::vector<double>(30, 1e6), 150e6).Recent(kHalfAnHour), {}));
}

// 30 MB/s for three minutes is a mean of 3 MB/s.
TEST(Churn, IsDeniedToABurst) {
  std::vector<double> rates(30, 1e3);
  for (std::size_t i = 12; i < 15; ++i) rates[i] = 30e6;
  const auto rate = Series(rates, 2e6).Recent(kHalfAnHour);
  ASSERT_TRUE(rate);
  EXPECT_GT(rate->alloc_bytes_per_second, 2e6);
  EXPECT_DOUBLE_EQ(rate->least_alloc_bytes_per_second, 1e3);
  EXPECT_FALSE(IsChurn(*rate, {}));
}

TEST(Churn, IsUnknownOfOneObservation) { EXPECT_FALSE(Series({}, 1).Recent(kHalfAnHour)); }

}  // namespace
}  // namespace heapwatch
