#include "analysis/base/json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

namespace heapwatch {
namespace {

TEST(ToJson, WritesNumbersWithoutExponentsWherePeopleDo) {
  EXPECT_EQ(ToJson({2.0, 250000.0, -0.25, 1753267123.645, 0.000001, 0.0}),
            "[2,250000,-0.25,1753267123.645,0.000001,0]");
  EXPECT_EQ(ToJson({1e17, 1e-7}), "[1e+17,1e-07]");
  EXPECT_EQ(ToJson({std::numeric_limits<double>::infinity(), std::nan("")}), "[null,null]");
}

TEST(ToJson, IsReadBackUnchanged) {
  const boost::json::value value = {{"text", "a\"b\\\n\x01 é"},   {"whole", 9007199254740993},
                                    {"third", 1.0 / 3},           {"none", nullptr},
                                    {"flags", {true, false}},     {"empty", boost::json::object()},
                                    {"big", 1.7976931348623e308}, {"array", boost::json::array()}};
  EXPECT_EQ(boost::json::parse(ToJson(value)), value);
}

// A name as a program has it must not make all that it stands in unreadable.
TEST(ToJson, IsReadBackWhateverBytesANameHas) {
  using boost::json::object;
  const object value = {{"cut\xe2\x82", "\xff\xfe\xc0\x80 ab\xed"}};
  boost::json::error_code failed;
  const boost::json::value read = boost::json::parse(ToJson(value), failed);
  ASSERT_FALSE(failed) << failed.message();
  EXPECT_EQ(read, (object{{"cut\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD\uFFFD ab\uFFFD"}}));
}

}  // namespace
}  // namespace heapwatch
