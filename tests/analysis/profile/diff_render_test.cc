#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "analysis/profile/diff_json.h"
#include "analysis/profile/diff_text.h"
#include "tests/analysis/profile/diff_test_profiles.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DiffText, ReadsAsATable) {
  DiffOptions options;
  options.before_name = "t0.pb.gz";
  options.after_name = "t1.pb.gz";
  EXPECT_EQ(RenderDiffText(*Diff(LeakBefore(), LeakAfter(), options)),
            R"(before  t0.pb.gz  1970-01-12T13:46:40Z  total 7.0 MiB
after   t1.pb.gz  1970-01-12T13:56:40Z  total 9.5 MiB
change  inuse_space +2.5 MiB ± 2.4 MiB in 10m (+35.7% of the total before)

    change        ±  of before   before    after  site
  +4.0 MiB  755 KiB     +57.1%  1.0 MiB  5.0 MiB  main.leak main.go:+7
  -2.0 MiB  1.0 MiB     -28.6%  2.0 MiB      0 B  main.setup main.go:+2
~ +512 KiB  2.1 MiB      +7.1%  4.0 MiB  4.5 MiB  cache.Put cache.go:+5

± is one standard error of sampling (one sample per 512 KiB); ~ marks a change below two of them: within noise.
)");
}

TEST(DiffText, StaysShortForAnAlert) {
  EXPECT_EQ(RenderTopSites(*Diff(LeakBefore(), LeakAfter()), 1),
            "inuse_space 7.0 MiB -> 9.5 MiB in 10m: +2.5 MiB ± 2.4 MiB\n"
            "+4.0 MiB ± 755 KiB  main.leak main.go:+7 (1.0 MiB -> 5.0 MiB)\n"
            "and 2 more sites: -1.5 MiB ± 2.3 MiB");
  EXPECT_EQ(RenderTopSites(*Diff(LeakBefore(), LeakBefore()), 3),
            "inuse_space 7.0 MiB -> 7.0 MiB: 0 B ± 0 B");
}

TEST(DiffText, PutsTheSitesThatAnAlertIsAboutFirst) {
  const auto diff = Diff(LeakBefore(), LeakAfter());
  EXPECT_EQ(RenderTopSites(*diff, 1, {diff->sites.at(2).site.id()}),
            "inuse_space 7.0 MiB -> 9.5 MiB in 10m: +2.5 MiB ± 2.4 MiB\n"
            "+512 KiB ± 2.1 MiB  cache.Put cache.go:+5 (4.0 MiB -> 4.5 MiB, within noise)\n"
            "  called by main.main\n"
            "and 2 more sites: +2.0 MiB ± 1.2 MiB");
}

TEST(DiffText, NamesTheNearestCallersOfASiteThatAnAlertIsAbout) {
  const auto told = [](const HeapProfile& after) {
    const auto diff = Diff(InuseProfile({}), after);
    return RenderTopSites(*diff, 1, {diff->sites.at(0).site.id()});
  };
  EXPECT_THAT(told(InuseProfile({{{{"f"}, {"f"}, {"a"}, {"b"}, {"c"}, {"d"}, {"e"}}, 100}})),
              HasSubstr("\n  called by a ← b ← c ← d ← …"));
  EXPECT_THAT(told(InuseProfile({{{{"f"}, {"a"}}, 100}, {{{"f"}, {"x"}}, 200}})),
              HasSubstr("\n  called most by x"));
  EXPECT_THAT(told(InuseProfile({{{{"f"}}, 100}})), Not(HasSubstr("called")));
}

TEST(DiffText, FindsTheCallersOfNamesThatABuildDecorates) {
  const auto told = [](const HeapProfile& after) {
    const auto diff = Diff(InuseProfile({}), after);
    return RenderTopSites(*diff, 1, {diff->sites.at(0).site.id()});
  };
  EXPECT_THAT(told(InuseProfile({{{{"put[go.shape.int]"}, {"a"}}, 100}})),
              HasSubstr("\n  called by a"));
  EXPECT_THAT(told(InuseProfile({{{{"store::put::h0123456789abcdef"}, {"b"}}, 100}})),
              HasSubstr("\n  called by b"));
}

TEST(DiffText, NamesFramesWithoutSymbolsAsTheirSitesAre) {
  ProfileBuilder builder({SampleType{"inuse_space", "bytes"}});
  const MappingId app = builder.AddMapping(
      {.start = 0x5000, .limit = 0x9000, .file_offset = 0x200, .file = "/bin/app"});
  const auto at = [&](std::uint64_t address) {
    return builder.AddLocation({.mapping = app, .address = address}, {});
  };
  builder.AddSample(builder.AddStack({at(0x5042), at(0x5084)}), 0, {100});
  const auto diff = Diff(InuseProfile({}), std::move(builder).Build());
  EXPECT_THAT(RenderTopSites(*diff, 1, {diff->sites.at(0).site.id()}),
              AllOf(HasSubstr("  app+0x242 app ("), HasSubstr("\n  called by app+0x284")));
}

TEST(DiffText, SaysWhatIsLeftOut) {
  EXPECT_THAT(RenderDiffText(*Diff(LeakBefore(), LeakAfter()), {DiffBy::kSite, 1}),
              HasSubstr("2 more sites that changed are left out."));
  EXPECT_THAT(RenderDiffText(*Diff(LeakBefore(), LeakBefore())),
              HasSubstr("3 of 3 sites did not change."));
}

TEST(DiffText, SaysWhereThereIsNoSamplingError) {
  HeapProfile before = LeakBefore();
  HeapProfile after = LeakAfter();
  before.sampling_period_bytes = after.sampling_period_bytes = 1;
  const std::string text = RenderDiffText(*Diff(before, after));
  EXPECT_THAT(text, HasSubstr("Every allocation was recorded"));
  EXPECT_THAT(text, Not(HasSubstr("one sample per")));
}

TEST(DiffText, CountsObjectsWithoutBytes) {
  DiffOptions options;
  options.sample_type = "inuse_objects";
  EXPECT_THAT(RenderTopSites(*Diff(LeakBefore(), LeakAfter(), options), 1), HasSubstr("+8,192 ± "));
}

TEST(DiffText, NamesTheDenominatorWhereBeforeIsNothing) {
  const std::string text = RenderDiffText(*Diff(GoProfile({}), LeakAfter()));
  EXPECT_THAT(text, HasSubstr("(+100.0% of the total after)"));
  EXPECT_THAT(text, HasSubstr("of after"));
}

TEST(DiffText, KeepsControlCharactersFromTheTerminal) {
  const auto diff = Diff(InuseProfile({}), InuseProfile({{{{"\x1b[2Jf\n"}}, 100}}));
  for (const DiffBy by : {DiffBy::kSite, DiffBy::kFunction, DiffBy::kCum, DiffBy::kStack})
    EXPECT_THAT(RenderDiffText(*diff, {by, {}}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderTopSites(*diff, 1), Not(HasSubstr("\x1b")));
}

TEST(DiffJson, HoldsWhatItsHeaderSays) {
  const boost::json::object json = DiffToJson(*Diff(LeakBefore(), LeakAfter()), 2);
  EXPECT_EQ(json.at("sample_type").at("type"), "inuse_space");
  EXPECT_EQ(json.at("before").at("time"), "1970-01-12T13:46:40Z");
  EXPECT_EQ(json.at("before").at("sampling_period_bytes"), kTestPeriodBytes);
  EXPECT_TRUE(json.at("normalized_by").is_null());
  EXPECT_EQ(json.at("noise"), "born-and-died");
  EXPECT_EQ(json.at("total").at("change"), 5 * kMiB / 2);
  const auto& site = json.at("sites").at(0);
  EXPECT_EQ(site.at("function"), "main.leak");
  EXPECT_EQ(site.at("line"), 7);
  EXPECT_EQ(site.at("line_is_relative"), true);
  EXPECT_EQ(site.at("change"), 4 * kMiB);
  EXPECT_EQ(site.at("within_noise"), false);
  const auto& stack = json.at("stacks").at(0);
  EXPECT_EQ(stack.at("site"), site.at("id"));
  EXPECT_EQ(stack.at("frames").at(1).at("function"), "main.main");
  EXPECT_EQ(stack.at("frames").at(1).at("line"), 3);
  EXPECT_EQ(json.at("functions").at(0).at("cum").at("before"), kMiB);
  EXPECT_EQ(json.at("left_out").at("sites"), 1);
  EXPECT_EQ(json.at("left_out").at("functions"), 2);
}

TEST(DiffJson, IsValidUtf8WhateverTheNames) {
  const auto diff = Diff(InuseProfile({}), InuseProfile({{{{"f\xff\"\n", "\xc3"}}, 100}}));
  const std::string text = boost::json::serialize(DiffToJson(*diff));
  boost::system::error_code error;
  boost::json::parse(text, error);
  EXPECT_FALSE(error) << text;
}

}  // namespace
}  // namespace heapwatch
