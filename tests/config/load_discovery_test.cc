#include "config/load_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string ErrorOf(const Result<std::vector<StaticConfig>>& groups) {
  return groups ? "none" : groups.error().message;
}

TEST(TargetGroups, AreReadFromYaml) {
  const auto groups = ParseYamlGroups(
      "- targets: ['a:1', http://anything/goes]\n  labels: {zone: eu, __meta_x: y, n: 1}\n"
      "- targets: []\n",
      "t.yml");
  ASSERT_TRUE(groups) << ErrorOf(groups);
  EXPECT_THAT(*groups, ElementsAre(StaticConfig{{"a:1", "http://anything/goes"},
                                                {{"zone", "eu"}, {"__meta_x", "y"}, {"n", "1"}}},
                                   StaticConfig{}));
  EXPECT_THAT(ParseYamlGroups("", "t.yml").value(), IsEmpty());
}

TEST(TargetGroups, AreReadFromJsonWithAllItsEscapes) {
  const auto groups = ParseJsonGroups(
      "[\n\t{\"targets\": [\"a:1\"],\n\t\t\"labels\": {\"x\": "
      "\"\\ud83d\\ude00 \\u00e9 \\/ \\\\ud83d \\\\\\ud83d\\ude00 \\\"\"}}\n]\n",
      "t.json");
  ASSERT_TRUE(groups) << ErrorOf(groups);
  EXPECT_EQ(groups->at(0).labels.at("x"), "\U0001F600 \u00e9 / \\ud83d \\\U0001F600 \"");
  EXPECT_THAT(ParseJsonGroups("[]", "t.json").value(), IsEmpty());
}

TEST(TargetGroups, TellWhatIsWrongWithItsPlace) {
  EXPECT_EQ(ErrorOf(ParseYamlGroups("- targets: [a]\n  lables: {}\n- targets: b\n", "t.yml")),
            "t.yml:2:3: unknown field \"lables\" in groups[0]; did you mean \"labels\"?\n"
            "t.yml:3:12: targets: expected a list, got \"b\"");
  EXPECT_EQ(ErrorOf(ParseYamlGroups("targets: [a]\n", "t.yml")),
            "t.yml:1:1: groups: expected a list (lines that begin with -), got a mapping");
  EXPECT_EQ(ErrorOf(ParseJsonGroups("[{\"targets\": [\"a:1\",]}]", "t.json")),
            "t.json:1:21: not valid JSON: syntax error");
  EXPECT_EQ(ErrorOf(ParseJsonGroups("[{\n\"targets\": [\"a:1\"]", "t.json")),
            "t.json:2:19: not valid JSON: incomplete JSON");
  EXPECT_EQ(ErrorOf(ParseJsonGroups("- targets: [a]", "t.json")).substr(0, 26),
            "t.json:1:2: not valid JSON");
  EXPECT_EQ(ErrorOf(ParseJsonGroups("[] []", "t.json")).substr(0, 26),
            "t.json:1:4: not valid JSON");
  EXPECT_EQ(ErrorOf(ParseJsonGroups("[{\"targets\": [], \"labels\": {\"a b\": \"\"}}]", "t.json")),
            "t.json:1:29: labels: \"a b\" is not a label name: use letters, digits and _, not a "
            "digit first");
}

TEST(TargetGroups, OfAFileAreJsonOrYamlByItsEnding) {
  const TemporaryDirectory directory;
  const std::string yaml = "- targets: [a]\n";
  EXPECT_TRUE(LoadTargetGroups(directory.Write("a.yml", yaml)));
  EXPECT_TRUE(LoadTargetGroups(directory.Write("a.YAML", yaml)));
  EXPECT_FALSE(LoadTargetGroups(directory.Write("a.json", yaml)));
  EXPECT_EQ(LoadTargetGroups(directory.Path("none.json")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace heapwatch
