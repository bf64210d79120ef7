#include "watcher/api/target_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

StoredTarget Target(Labels labels) {
  StoredTarget target;
  target.id = TargetId::Of(labels);
  target.labels = std::move(labels);
  return target;
}

const std::vector<StoredTarget>& Targets() {
  static const std::vector<StoredTarget> targets = {
      Target({{"instance", "a:6060"}, {"job", "api"}}),
      Target({{"instance", "b:6060"}, {"job", "api"}}),
      Target({{"instance", "b:6060"}, {"job", "cart \"v2\""}})};
  return targets;
}

TEST(TargetSelector, FindsATargetByItsId) {
  const StoredTarget& wanted = Targets()[1];
  EXPECT_EQ(SelectTarget(wanted.id.ToString(), Targets())->labels, wanted.labels);
}

TEST(TargetSelector, FindsATargetByItsInstance) {
  EXPECT_EQ(SelectTarget("a:6060", Targets())->id, Targets()[0].id);
}

TEST(TargetSelector, FindsATargetByLabelsWithOrWithoutBraces) {
  EXPECT_EQ(SelectTarget("instance=\"b:6060\", job=\"api\"", Targets())->id, Targets()[1].id);
  EXPECT_EQ(SelectTarget("{job=\"cart \\\"v2\\\"\",}", Targets())->id, Targets()[2].id);
}

TEST(TargetSelector, FindsATargetByItsLabelsAsTheyArePrinted) {
  for (const StoredTarget& target : Targets())
    EXPECT_EQ(SelectTarget(ToString(target.labels), Targets())->id, target.id);
}

TEST(TargetSelector, ListsTheCandidatesWhereSeveralFit) {
  const auto result = SelectTarget("b:6060", Targets());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("fits 2 targets"), HasSubstr(Targets()[1].id.ToString()),
                    HasSubstr(Targets()[2].id.ToString())));
}

TEST(TargetSelector, ListsWhatThereIsWhereNoneFits) {
  const auto result = SelectTarget("c:6060", Targets());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr(ToString(Targets()[0].labels)));
}

TEST(TargetSelector, SaysHowToNameATargetByItsService) {
  std::vector<StoredTarget> targets = Targets();
  targets.push_back(Target({{"instance", "d:1"}, {"job", "x"}, {"service", "shop"}}));
  const auto result = SelectTarget("shop", targets);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(result.error().message,
              EndsWith("but a service is called so: give service=\"shop\""));
  EXPECT_TRUE(SelectTarget("service=\"shop\"", targets));
  targets.push_back(Target({{"instance", "e:1"}, {"job", "x"}, {"service", "shop"}}));
  EXPECT_THAT(
      SelectTarget("shop", targets).error().message,
      AllOf(HasSubstr("give service=\"shop\" with a label that only one of its targets has: " +
                      targets[targets.size() - 2].id.ToString()),
            Not(HasSubstr("b:6060"))));
}

TEST(TargetSelector, BoundsTheListOfCandidates) {
  std::vector<StoredTarget> many;
  for (int i = 0; i < 50; ++i)
    many.push_back(Target({{"instance", std::to_string(i)}, {"job", "api"}}));
  EXPECT_THAT(SelectTarget("job=\"api\"", many).error().message, HasSubstr("and 40 more"));
}

TEST(TargetSelector, SaysWhereASelectorIsBroken) {
  for (const auto& [text, place] :
       std::vector<std::pair<std::string, std::string>>{{"job=api", "character 5"},
                                                        {"job=\"api", "character 9"},
                                                        {"=\"api\"", "character 1"},
                                                        {"job=\"a\" instance=\"b\"", "character 9"},
                                                        {"job=~\"a.*\"", "character 5"},
                                                        {"job=\"a\",job=\"b\"", "character 9"}}) {
    const auto result = SelectTarget(text, Targets());
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, AllOf(HasSubstr(text), HasSubstr(place))) << text;
  }
}

}  // namespace
}  // namespace heapwatch
