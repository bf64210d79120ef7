#include "analysis/profile/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "analysis/profile/diff_functions.h"
#include "tests/analysis/profile/diff_test_profiles.h"

namespace heapwatch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> SiteNames(const ProfileDiff& diff) {
  std::vector<std::string> names;
  for (const SiteChange& site : diff.sites) names.push_back(site.site.function);
  return names;
}

TEST(Diff, TellsWhatEachSiteHeldAndHolds) {
  const auto diff = Diff(LeakBefore(), LeakAfter());
  ASSERT_TRUE(diff) << diff.error().message;
  EXPECT_THAT(SiteNames(*diff), ElementsAre("main.leak", "main.setup", "cache.Put"));
  EXPECT_EQ(diff->sites[0].change.before, 1 * kMiB);
  EXPECT_EQ(diff->sites[0].change.after, 5 * kMiB);
  EXPECT_EQ(diff->sites[1].change.change(), -2 * kMiB);
  EXPECT_EQ(diff->total.change(), 2 * kMiB + kMiB / 2);
  EXPECT_EQ(diff->before.total, 7 * kMiB);
  EXPECT_THAT(diff->notes, IsEmpty());
}

TEST(Diff, KnowsGrowthFromTurnover) {
  const auto diff = Diff(LeakBefore(), LeakAfter());
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kBornAndDied);
  const Change& leak = diff->sites[0].change;
  EXPECT_NEAR(*leak.standard_error() / static_cast<double>(kMiB), 0.74, 0.01);
  EXPECT_FALSE(leak.within_noise());
  // 40 MiB were allocated and nearly as much freed: half a MiB more is nothing.
  EXPECT_TRUE(diff->sites[2].change.within_noise());
}

TEST(Diff, OfAProfileWithItselfIsNothingAndSaysSo) {
  const auto diff = Diff(LeakBefore(), LeakBefore());
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->total.change(), 0);
  EXPECT_EQ(diff->total.standard_error(), 0.0);
  EXPECT_THAT(diff->notes, ElementsAre(HasSubstr("equal")));
}

TEST(Diff, BackwardsIsTheNegativeWithTheSameErrors) {
  const auto forward = Diff(LeakBefore(), LeakAfter());
  const auto backward = Diff(LeakAfter(), LeakBefore());
  ASSERT_TRUE(forward && backward);
  EXPECT_EQ(backward->total.change(), -forward->total.change());
  EXPECT_DOUBLE_EQ(*backward->total.standard_error(), *forward->total.standard_error());
  EXPECT_THAT(backward->notes, ElementsAre(HasSubstr("after is older than before by 10m")));
}

TEST(Diff, OverARestartAddsTheErrorsOfBothLevels) {
  const HeapProfile before = LeakAfter();
  HeapProfile after = LeakBefore();
  after.time = *before.time + std::chrono::minutes(5);
  after.values[1] = 100 * kMiB;  // one counter overshoots its old value, the others fall
  after.values[0] = 100;
  const auto diff = Diff(before, after);
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kBothLevels);
  EXPECT_THAT(diff->notes, Contains(HasSubstr("two lives of the process")));
}

TEST(Diff, WithoutAllocAddsTheErrorsOfBothLevels) {
  HeapProfile before = InuseProfile({{{{"main.f"}}, 4 * kMiB}});
  HeapProfile after = InuseProfile({{{{"main.f"}}, 5 * kMiB}});
  before.sampling_period_bytes = after.sampling_period_bytes = kTestPeriodBytes;
  const auto diff = Diff(before, after);
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kBothLevels);
  EXPECT_DOUBLE_EQ(*diff->total.variance, static_cast<double>(kTestPeriodBytes * 9 * kMiB));
  EXPECT_THAT(diff->notes, ElementsAre(HasSubstr("before has no alloc counters")));
}

TEST(Diff, WithoutAPeriodHasNoErrorsAndSaysSo) {
  const auto diff = Diff(InuseProfile({{{{"main.f"}}, 1000}}), InuseProfile({{{{"main.f"}}, 1}}));
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kUnknown);
  EXPECT_FALSE(diff->total.standard_error());
  EXPECT_FALSE(diff->total.within_noise());
  EXPECT_THAT(diff->notes,
              ElementsAre(HasSubstr("the sampling period is missing in before and after")));
}

TEST(Diff, OfExactProfilesHasNoNoise) {
  HeapProfile before = LeakBefore();
  HeapProfile after = LeakAfter();
  before.sampling_period_bytes = after.sampling_period_bytes = 1;
  const auto diff = Diff(before, after);
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kExact);
  EXPECT_EQ(diff->total.standard_error(), 0.0);
}

TEST(Diff, JudgesEachSideByItsOwnRateWhereTheyDiffer) {
  HeapProfile after = LeakAfter();
  after.sampling_period_bytes = 1;
  const auto diff = Diff(LeakBefore(), after);
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->noise, NoiseModel::kBothLevels);
  EXPECT_THAT(diff->notes,
              Contains("The sampling rates differ: one sample per 512 KiB in before, every "
                       "allocation in after."));
  const auto only_before = Diff(LeakBefore(), GoProfile({}));
  ASSERT_TRUE(only_before);
  EXPECT_DOUBLE_EQ(*diff->total.variance, *only_before->total.variance);
}

TEST(Diff, FollowsASiteThroughAMovedLine) {
  const auto at = [](std::int64_t shift, std::int64_t bytes) {
    return GoProfile({{{{"main.f", "main.go", 17 + shift, 10 + shift}},
                       4096,
                       {bytes / 4096, bytes, bytes / 4096, bytes}}});
  };
  HeapProfile before = at(0, 4 * kMiB);
  HeapProfile after = at(5, 8 * kMiB);
  before.mappings.push_back({.file = "/bin/app", .build_id = "aa"});
  after.mappings.push_back({.file = "/bin/app", .build_id = "bb"});
  const auto diff = Diff(before, after);
  ASSERT_TRUE(diff);
  ASSERT_EQ(diff->sites.size(), 1U);
  EXPECT_EQ(diff->sites[0].change.change(), 4 * kMiB);
  EXPECT_EQ(diff->sites[0].stack_count, 2U);
  EXPECT_EQ(diff->stacks.size(), 2U);
  EXPECT_EQ(diff->noise, NoiseModel::kBothLevels);
  EXPECT_THAT(diff->notes, Contains(HasSubstr("Two builds")));
}

TEST(Diff, AsksWhetherTwoProfilesBelongTogether) {
  const auto diff = Diff(LeakBefore(), GoProfile({{{{"other.f"}}, 64, {1, 64, 1, 64}}}));
  ASSERT_TRUE(diff);
  EXPECT_THAT(diff->notes, Contains(HasSubstr("No stack is on both sides")));
}

TEST(Diff, NormalizesToTheTotalBefore) {
  DiffOptions options;
  options.normalize = true;
  const auto diff = Diff(LeakBefore(), LeakAfter(), options);
  ASSERT_TRUE(diff);
  EXPECT_DOUBLE_EQ(*diff->normalized_by, 7.0 / 9.5);
  EXPECT_NEAR(static_cast<double>(diff->total.change()), 0, 2);
  EXPECT_EQ(diff->sites[0].change.after, std::llround(5.0 * kMiB * 7 / 9.5));
}

TEST(Diff, RefusesToNormalizeWhatTotalsZero) {
  DiffOptions options;
  options.normalize = true;
  options.after_name = "t1.pb.gz";
  const auto diff = Diff(LeakBefore(), GoProfile({}), options);
  ASSERT_FALSE(diff);
  EXPECT_EQ(diff.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(diff.error().message, HasSubstr("the total inuse_space of t1.pb.gz is 0"));
}

TEST(Diff, AgainstNothingShowsEverything) {
  const auto grown = Diff(GoProfile({}), LeakAfter());
  ASSERT_TRUE(grown);
  EXPECT_EQ(grown->total.before, 0);
  EXPECT_EQ(grown->total.after, grown->after.total);
  EXPECT_THAT(grown->notes, Contains("The total inuse_space of before is 0: it has no samples."));
  const auto nothing = Diff(GoProfile({}), GoProfile({}));
  ASSERT_TRUE(nothing);
  EXPECT_THAT(nothing->sites, IsEmpty());
}

TEST(Diff, KeepsNegativeValuesAndSaysSo) {
  const auto diff =
      Diff(InuseProfile({{{{"main.f"}}, -100}}), InuseProfile({{{{"main.f"}}, -300}}));
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->total.change(), -200);
  EXPECT_THAT(diff->notes, Contains(HasSubstr("before has negative values")));
}

TEST(Diff, NamesTheSampleTypesThereAre) {
  DiffOptions options;
  options.sample_type = "alloc_space";
  options.before_name = "live.pb.gz";
  const auto diff = Diff(InuseProfile({}), LeakAfter(), options);
  ASSERT_FALSE(diff);
  EXPECT_EQ(diff.error().message,
            "live.pb.gz has no sample type \"alloc_space\"; it has: inuse_space (bytes)");
}

TEST(Diff, MatchesTheSameQuantityUnderAnotherName) {
  ProfileBuilder builder({{"objects", "count"}, {"space", "bytes"}});
  builder.AddSample({{"main.leak", "main.go", 17, 10}, {"main.main", "main.go", 3, 1}}, 0,
                    {2, 2 * kMiB});
  const auto diff = Diff(LeakBefore(), std::move(builder).Build());
  ASSERT_TRUE(diff) << diff.error().message;
  EXPECT_EQ(diff->sites[0].change.change() + diff->sites[1].change.change() +
                diff->sites[2].change.change(),
            -5 * kMiB);
}

TEST(Diff, RefusesDifferentUnits) {
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "kilobytes"}});
  const auto diff = Diff(InuseProfile({}), std::move(builder).Build());
  ASSERT_FALSE(diff);
  EXPECT_THAT(diff.error().message, HasSubstr("in bytes in before but in kilobytes in after"));
}

TEST(Diff, HoldsHugeValuesAtTheEndOfTheRange) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  const auto diff = Diff(InuseProfile({{{{"f"}}, kMin}, {{{"g"}}, kMin}}),
                         InuseProfile({{{{"f"}}, kMax}, {{{"g"}}, kMax}}));
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->total.change(), kMax);
}

TEST(Diff, CountsARecursiveFunctionOnceInItsCumulative) {
  const auto diff =
      Diff(InuseProfile({}),
           InuseProfile({{{{"f"}, {"g"}, {"f"}, {"main"}}, 100}, {{{"g"}, {"main"}}, 7}}));
  ASSERT_TRUE(diff);
  const auto functions = FunctionChanges(*diff, FunctionOrder::kCum);
  ASSERT_EQ(functions.size(), 3U);
  EXPECT_EQ(functions[0].name, "g");
  EXPECT_EQ(functions[0].flat.change(), 7);
  EXPECT_EQ(functions[0].cum.change(), 107);
  EXPECT_EQ(functions[1].name, "main");
  EXPECT_EQ(functions[2].name, "f");
  EXPECT_EQ(functions[2].cum.change(), 100);
}

}  // namespace
}  // namespace heapwatch
