// The rules' own corners; tests/integration/relabel_test.cc holds them to a real Prometheus.
#include "config/relabel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

std::optional<Labels> Relabel(const RelabelConfig& rule, Labels labels) {
  const auto ok = CheckRelabelConfig(rule);
  EXPECT_TRUE(ok) << (ok ? "" : ok.error().message);
  return Relabeler({rule}).Apply(std::move(labels));
}

const Labels kPod = {{"__meta_pod", "checkout-7"}, {"zone", "eu"}};

TEST(Relabel, PutsGroupsIntoAnotherLabel) {
  const RelabelConfig rule{.source_labels = {"__meta_pod", "zone"},
                           .regex = "(.+)-[0-9]+;(?P<where>.*)",
                           .target_label = "service",
                           .replacement = "$1@${where}"};
  Labels expected = kPod;
  expected["service"] = "checkout@eu";
  EXPECT_THAT(Relabel(rule, kPod), Optional(expected));
}

TEST(Relabel, ReadsNamesOfGroupsAsFarAsTheyGo) {
  const auto replaced = [](const std::string& replacement) {
    const auto labels = Relabel({.source_labels = {"zone"},
                                 .regex = "(e)(u)",
                                 .target_label = "to",
                                 .replacement = replacement},
                                kPod);
    return std::string(Get(*labels, "to"));
  };
  EXPECT_EQ(replaced("$1x"), "");  // a group of the name "1x"
  EXPECT_EQ(replaced("${1}x"), "ex");
  EXPECT_EQ(replaced("$2-$1"), "u-e");
  EXPECT_EQ(replaced("$9"), "");
  EXPECT_EQ(replaced("$$1"), "$1");
  EXPECT_EQ(replaced("a$"), "a$");
  EXPECT_EQ(replaced("${1"), "${1");
  EXPECT_EQ(replaced("$-"), "$-");
}

TEST(Relabel, MatchesTheWholeValue) {
  const RelabelConfig keep{
      .action = RelabelAction::kKeep, .source_labels = {"zone"}, .regex = "e|eu-west"};
  EXPECT_EQ(Relabel(keep, kPod), std::nullopt);
}

TEST(Relabel, LeavesALabelAloneWhereNothingMatches) {
  const RelabelConfig rule{
      .source_labels = {"zone"}, .regex = "us", .target_label = "zone", .replacement = "america"};
  EXPECT_THAT(Relabel(rule, kPod), Optional(kPod));
}

TEST(Relabel, RemovesALabelThatBecomesEmpty) {
  const RelabelConfig rule{.target_label = "zone", .replacement = ""};
  EXPECT_THAT(Relabel(rule, kPod), Optional(Labels{{"__meta_pod", "checkout-7"}}));
}

TEST(Relabel, MayNameItsTargetByAGroup) {
  const RelabelConfig rule{.source_labels = {"zone"}, .target_label = "in_$1", .replacement = "1"};
  Labels expected = kPod;
  expected["in_eu"] = "1";
  EXPECT_THAT(Relabel(rule, kPod), Optional(expected));
}

TEST(Relabel, DropsOrKeepsWhatIsEqual) {
  const RelabelConfig keep{
      .action = RelabelAction::kKeepEqual, .source_labels = {"a"}, .target_label = "b"};
  RelabelConfig drop = keep;
  drop.action = RelabelAction::kDropEqual;
  const Labels same = {{"a", "1"}, {"b", "1"}};
  const Labels other = {{"a", "1"}, {"b", "2"}};
  EXPECT_THAT(Relabel(keep, same), Optional(same));
  EXPECT_EQ(Relabel(keep, other), std::nullopt);
  EXPECT_EQ(Relabel(drop, same), std::nullopt);
  EXPECT_THAT(Relabel(drop, other), Optional(other));
}

TEST(Relabel, CopiesDropsAndKeepsLabelsByTheirNames) {
  EXPECT_THAT(
      Relabel({.action = RelabelAction::kLabelMap, .regex = "__meta_(.*)"}, kPod),
      Optional(Labels{{"__meta_pod", "checkout-7"}, {"pod", "checkout-7"}, {"zone", "eu"}}));
  EXPECT_THAT(Relabel({.action = RelabelAction::kLabelDrop, .regex = "zo.*"}, kPod),
              Optional(Labels{{"__meta_pod", "checkout-7"}}));
  EXPECT_THAT(Relabel({.action = RelabelAction::kLabelKeep, .regex = "zone"}, kPod),
              Optional(Labels{{"zone", "eu"}}));
}

TEST(CheckRelabelConfig, SaysWhatIsMissingOrTooMuch) {
  const auto problem = [](const RelabelConfig& rule) {
    const auto checked = CheckRelabelConfig(rule);
    return checked ? "" : checked.error().message;
  };
  EXPECT_THAT(problem({}), HasSubstr("action replace needs a target_label"));
  EXPECT_THAT(problem({.action = RelabelAction::kHashMod, .target_label = "shard"}),
              HasSubstr("needs a modulus above 0"));
  EXPECT_THAT(problem({.action = RelabelAction::kLowercase, .target_label = "a-b"}),
              HasSubstr("\"a-b\" is no label name"));
  EXPECT_THAT(problem({.action = RelabelAction::kKeep, .source_labels = {"a b"}}),
              HasSubstr("source_labels: \"a b\""));
  EXPECT_THAT(problem({.action = RelabelAction::kDrop, .regex = "(x"}),
              HasSubstr("is no RE2 pattern"));
  EXPECT_THAT(problem({.action = RelabelAction::kLabelDrop, .source_labels = {"a"}}),
              HasSubstr("action labeldrop takes regex only"));
  EXPECT_THAT(problem({.action = RelabelAction::kKeepEqual, .regex = "a", .target_label = "b"}),
              HasSubstr("takes source_labels and target_label only"));
  EXPECT_THAT(problem({.action = RelabelAction::kDropEqual, .separator = ",", .target_label = "b"}),
              HasSubstr("takes source_labels and target_label only"));
  EXPECT_THAT(problem({.action = RelabelAction::kLabelKeep, .separator = ","}),
              HasSubstr("takes regex only"));
  EXPECT_THAT(problem({.action = RelabelAction::kLabelDrop, .modulus = 2}),
              HasSubstr("takes regex only"));
  EXPECT_THAT(
      problem({.action = RelabelAction::kUppercase, .target_label = "a", .replacement = "b"}),
      HasSubstr("action uppercase takes no replacement"));
}

TEST(CheckRelabelConfig, RefusesATargetThatCanNeverBeALabelName) {
  const auto is_good = [](const std::string& name) {
    const bool as_target = CheckRelabelConfig({.target_label = name}).has_value();
    const RelabelConfig map{.action = RelabelAction::kLabelMap, .replacement = name};
    EXPECT_EQ(CheckRelabelConfig(map).has_value(), as_target) << name;
    return as_target;
  };
  for (const char* good : {"a", "_a9", "in_$1", "${1}_x", "$1", "${where}${0}", "a$1b2"})
    EXPECT_TRUE(is_good(good)) << good;
  for (const char* bad : {"a-b", "9a", "-$1", "$", "${1", "${a-b}", "$1-x", "a b", "9$1"})
    EXPECT_FALSE(is_good(bad)) << bad;
  EXPECT_THAT(CheckRelabelConfig({.target_label = "a-b"}).error().message,
              HasSubstr("target_label: \"a-b\""));
}

}  // namespace
}  // namespace heapwatch
