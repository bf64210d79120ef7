#include "tests/analysis/trend/rank_trend.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/paths.h"

namespace heapwatch {
namespace {

using testing::RankTrend;
using testing::TheilSenSlope;

TEST(RankTrend, OfARiseWithoutTiesIsTheNumberOfPairs) {
  std::vector<double> rise;
  for (int i = 1; i <= 360; ++i) rise.push_back(i);
  EXPECT_EQ(RankTrend(rise).s, 64620);
  EXPECT_EQ(TheilSenSlope(rise, rise), 1);
  const std::vector<double> flat(360, 1);
  EXPECT_EQ(RankTrend(flat).variance, 0);
  EXPECT_EQ(RankTrend(flat).z, 0);
}

// The published results of pymannkendall for its series of 360 values, some of them missing.
TEST(RankTrend, AgreesWithPublishedVectors) {
  std::ifstream in(InSource("../shared/data/reference/pymannkendall-expected.json"));
  if (!in) GTEST_SKIP() << "needs the reference data beside the checkout";
  std::stringstream text;
  text << in.rdbuf();
  const auto root = boost::json::parse(text.str());
  std::vector<double> x;
  std::vector<double> y;
  for (const auto& value : root.at("data").at("arbitrary_1d_data").at("values").as_array()) {
    x.push_back(x.empty() ? 0 : x.back() + 1);
    y.push_back(value.is_null() ? NAN : value.to_number<double>());
  }
  for (std::size_t i = y.size(); i-- > 0;) {
    if (!std::isnan(y[i])) continue;
    x.erase(x.begin() + static_cast<std::ptrdiff_t>(i));
    y.erase(y.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const testing::MannKendall trend = RankTrend(y);
  EXPECT_EQ(trend.s, -1959);
  EXPECT_NEAR(trend.variance, 4889800.333333333, 1e-6);
  EXPECT_NEAR(trend.z, -0.8854562842589916, 1e-12);
  EXPECT_NEAR(TheilSenSlope(x, y), -0.006369426751592357, 1e-12);
}

}  // namespace
}  // namespace heapwatch
