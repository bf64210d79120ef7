#include "analysis/profile/diff_caller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "analysis/profile/diff_json.h"
#include "analysis/profile/diff_text.h"
#include "tests/analysis/profile/diff_test_profiles.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

// What a push leaves is allocated in two helpers; the third site is somebody else's.
HeapProfile Pushed(std::int64_t copied, std::int64_t cloned, std::int64_t read) {
  return InuseProfile({{{{"copy"}, {"Store.Push"}, {"handle"}, {"serve"}, {"main"}}, copied},
                       {{{"clone"}, {"strings"}, {"Store.Push"}, {"serve"}, {"main"}}, cloned},
                       {{{"read"}, {"serve"}, {"main"}}, read},
                       {{{"static"}, {"init"}, {"main"}}, 50}});
}

TEST(CommonCaller, IsTheDeepestThatMostOfTheGrowthHas) {
  const auto caller = FindCommonCaller(*Diff(Pushed(10, 10, 10), Pushed(50, 40, 20)));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->function, "Store.Push");
  EXPECT_DOUBLE_EQ(caller->share, 70.0 / 80);
  // Less than four fifths of it: the next one up.
  EXPECT_EQ(FindCommonCaller(*Diff(Pushed(10, 10, 10), Pushed(50, 40, 30)))->function, "serve");
}

TEST(CommonCaller, IsLookedForAmongTheSitesAskedFor) {
  const auto diff = Diff(Pushed(10, 10, 10), Pushed(50, 40, 400));
  const auto site = [](std::string function) { return Site{.function = std::move(function)}.id(); };
  EXPECT_FALSE(FindCommonCaller(*diff));  // one site, read, holds most of it
  EXPECT_EQ(FindCommonCaller(*diff, {site("copy"), site("clone")})->function, "Store.Push");
  EXPECT_FALSE(FindCommonCaller(*diff, {site("copy")}));
}

TEST(CommonCaller, IsNobodyWhereOnlyTheRootIsCommonOrNothingGrew) {
  const auto two = [](std::int64_t f, std::int64_t g) {
    return InuseProfile({{{{"f"}, {"main"}}, f}, {{{"g"}, {"main"}}, g}});
  };
  EXPECT_FALSE(FindCommonCaller(*Diff(two(10, 10), two(20, 20))));
  EXPECT_FALSE(FindCommonCaller(*Diff(two(10, 10), two(5, 5))));
  // Where nothing was there before, the root is news.
  EXPECT_EQ(FindCommonCaller(*Diff(InuseProfile({}), two(20, 20)))->function, "main");
}

TEST(CommonCaller, CountsAFunctionThatCallsItselfOnceAndWhereItIsDeepest) {
  const auto walk = [](std::int64_t f, std::int64_t g, std::int64_t h) {
    return InuseProfile({{{{"f"}, {"walk"}, {"visit"}, {"walk"}, {"main"}}, f},
                         {{{"g"}, {"walk"}, {"main"}}, g},
                         {{{"h"}, {"main"}}, h}});
  };
  const auto caller = FindCommonCaller(*Diff(walk(10, 10, 100), walk(20, 20, 104)));
  EXPECT_EQ(caller->function, "walk");
  EXPECT_DOUBLE_EQ(caller->share, 20.0 / 24);
}

TEST(CommonCaller, StandsInTheTextInTheAlertAndInTheJson) {
  const auto diff = Diff(Pushed(10, 10, 10), Pushed(50, 40, 20));
  EXPECT_THAT(RenderDiffText(*diff),
              HasSubstr("\ncaller  88% of what grew was allocated in Store.Push or below it\n"));
  EXPECT_THAT(RenderTopSites(*diff, 1), HasSubstr(" in Store.Push or below it\n"));
  const auto told = std::set{diff->sites.at(0).site.id(), diff->sites.at(1).site.id()};
  EXPECT_THAT(RenderTopSites(*diff, 1, told), HasSubstr("\n100% of what grew"));
  EXPECT_EQ(DiffToJson(*diff).at("common_caller").at("function"), "Store.Push");
  EXPECT_TRUE(DiffToJson(*Diff(LeakBefore(), LeakAfter())).at("common_caller").is_null());
}

}  // namespace
}  // namespace heapwatch
