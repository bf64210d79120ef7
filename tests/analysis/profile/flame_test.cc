#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analysis/profile/flame_svg.h"
#include "analysis/profile/flame_tree.h"
#include "tests/analysis/profile/diff_test_profiles.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Names(const FlameTree& tree) {
  std::vector<std::string> names;
  for (const FlameNode& node : tree.nodes)
    names.push_back(std::string(node.depth, ' ') + node.name);
  return names;
}

HeapProfile Before() {
  return InuseProfile(
      {{{{"f"}, {"main"}}, 10}, {{{"g"}, {"main"}}, 8}, {{{"g"}, {"f"}, {"main"}}, 1}});
}
HeapProfile After() {
  return InuseProfile(
      {{{{"f"}, {"main"}}, 15}, {{{"g"}, {"main"}}, 6}, {{{"g"}, {"f"}, {"main"}}, 2}});
}

TEST(FlameTree, AddsUpGrowthAndShrinkingApart) {
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()));
  EXPECT_THAT(Names(tree), ElementsAre("root", " main", "  f", "   g", "  g"));
  EXPECT_EQ(tree.nodes[0].change.change(), 4);
  EXPECT_EQ(tree.nodes[0].grew, 6);
  EXPECT_EQ(tree.nodes[0].shrank, 2);
  EXPECT_EQ(tree.nodes[2].change.before, 11);
  EXPECT_EQ(tree.nodes[2].change.after, 17);
  EXPECT_EQ(tree.nodes[4].shrank, 2);
  EXPECT_EQ(tree.left_out, 0U);
}

TEST(FlameTree, StartsFromTheLeafWhereAsked) {
  FlameTreeOptions options;
  options.from_leaf = true;
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()), options);
  EXPECT_THAT(Names(tree), ElementsAre("root", " f", "  main", " g", "  main", "  f", "   main"));
}

TEST(FlameTree, BeginsAtANodeAndMeasuresWhatIsSmallByIt) {
  const FlameTree whole = BuildFlameTree(*Diff(Before(), After()));
  FlameTreeOptions options;
  options.min_share = 0.2;
  options.root = whole.nodes[2].id;  // f, of whose 6 bytes of change g makes 1
  EXPECT_THAT(Names(BuildFlameTree(*Diff(Before(), After()), options)), ElementsAre("f"));
  options.min_share = 0.1;
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()), options);
  EXPECT_THAT(Names(tree), ElementsAre("f", " g"));
  EXPECT_EQ(tree.nodes[1].id, whole.nodes[3].id);
  EXPECT_EQ(tree.nodes[0].self.change(), 5);
  ASSERT_EQ(tree.above.size(), 2U);
  EXPECT_EQ(tree.above[1].name, "main");
  options.root = 7;
  EXPECT_TRUE(BuildFlameTree(*Diff(Before(), After()), options).nodes.empty());
}

TEST(FlameTree, LeavesOutWhatIsSmallAndCountsIt) {
  FlameTreeOptions options;
  options.min_share = 0.25;
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()), options);
  EXPECT_THAT(Names(tree), ElementsAre("root", " main", "  f", "  g")) << "g has just a quarter";
  EXPECT_EQ(tree.left_out, 1U);
}

TEST(FlameTree, KeepsTheLargestWhereThereAreTooMany) {
  FlameTreeOptions options;
  options.max_nodes = 3;
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()), options);
  EXPECT_LE(tree.nodes.size(), 3U);
  EXPECT_EQ(tree.nodes.size() + tree.left_out, 5U);
}

TEST(FlameTree, BoundsItsDepth) {
  FlameTreeOptions options;
  options.max_depth = 1;
  const FlameTree tree = BuildFlameTree(*Diff(Before(), After()), options);
  EXPECT_THAT(Names(tree), ElementsAre("root", " main"));
  EXPECT_EQ(tree.nodes[1].change.after, 23);
}

TEST(FlameTree, TakesALineThatMovedForTheSameFrame) {
  const auto at = [](std::int64_t line) {
    return InuseProfile({{{{"f", "a.go", line, 0}, {"main"}}, 100}});
  };
  EXPECT_EQ(BuildFlameTree(*Diff(at(10), at(12))).nodes.front().magnitude(), 0);
}

TEST(Folded, GivesEachPathWithBothValues) {
  EXPECT_EQ(DiffToFolded(*Diff(Before(), After())),
            "main;f 10 15\n"
            "main;f;g 1 2\n"
            "main;g 8 6\n");
}

TEST(Folded, KeepsSeparatorsOutOfNames) {
  EXPECT_EQ(
      DiffToFolded(*Diff(InuseProfile({}), InuseProfile({{{{"a;b\nc\x1b[1m"}, {"main"}}, 5}}))),
      "main;a:b?c?[1m 0 5\n");
}

TEST(FlameSvg, DrawsEachFrameWithItsNumbers) {
  const std::string svg = DiffToSvg(*Diff(LeakBefore(), LeakAfter()));
  EXPECT_THAT(svg,
              HasSubstr("<title>main.leak\n+4.0 MiB ± 755 KiB\nbefore 1.0 MiB, after 5.0 MiB"));
  EXPECT_THAT(svg, HasSubstr("fill=\"#d6604d\"")) << "grew";
  EXPECT_THAT(svg, HasSubstr("fill=\"#4393c3\"")) << "shrank";
  EXPECT_THAT(svg, HasSubstr("(within noise)"));
  EXPECT_THAT(svg, Not(HasSubstr("http-equiv")));
}

TEST(FlameSvg, EscapesHostileNames) {
  const std::string svg = DiffToSvg(*Diff(
      InuseProfile({}),
      InuseProfile({{{{"</title><script>alert(1)</script>\"'&\x01\xff\xEF\xBF\xBF]]>"}}, 100}})));
  EXPECT_THAT(svg, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(svg, HasSubstr("&lt;/title&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(svg, Not(HasSubstr("\x01")));
  EXPECT_THAT(svg, Not(HasSubstr("\xff")));
  EXPECT_THAT(svg, Not(HasSubstr("\xEF\xBF\xBF")));
}

TEST(FlameSvg, SaysWhereNothingChanged) {
  EXPECT_THAT(DiffToSvg(*Diff(LeakBefore(), LeakBefore())), HasSubstr("Nothing changed."));
  EXPECT_THAT(DiffToSvg(*Diff(GoProfile({}), GoProfile({}))), HasSubstr("Nothing changed."));
}

TEST(FlameSvg, StaysSmallWhateverTheProfile) {
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "function_" + std::to_string(i);
    const std::vector<Frame> stack = {{name}, {"main"}};
    const std::vector<std::int64_t> values = {1000 + i};
    builder.AddSample(stack, 0, values);
  }
  FlameTreeOptions options;
  options.min_share = 0;
  const std::string svg = DiffToSvg(*Diff(InuseProfile({}), std::move(builder).Build()), options);
  EXPECT_LT(svg.size(), 4'000'000U);
  EXPECT_THAT(svg, HasSubstr("Too small to show: 15"));
}

}  // namespace
}  // namespace heapwatch
