#include "watcher/discovery/target_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/load.h"

namespace heapwatch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Reason = DroppedTarget::Reason;

const Time kStart = Time(std::chrono::hours(1));

std::vector<ScrapeConfig> Jobs(const std::string& fields) {
  auto config = ParseConfig("scrape_configs: [{job_name: shop, " + fields + "}]", "test");
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(config->scrape_configs);
}

FoundGroups Found(const TargetGroups& groups) {
  return {{"shop", {std::make_shared<const TargetGroups>(groups)}}};
}

std::vector<std::string> Instances(const TargetPlan& plan, bool lost = false) {
  std::vector<std::string> instances;
  for (const Target& target : plan.targets)
    if (target.lost.has_value() == lost) instances.push_back(target.labels.at("instance"));
  return instances;
}

TEST(TargetSet, WatchesWhatIsConfiguredAndWhatWasFound) {
  TargetSet set;
  const auto plan = set.Update(Jobs("static_configs: [{targets: ['a:1']}]"),
                               Found({{{"b:1"}, {{"__meta_x", "y"}, {"zone", "eu"}}}}), kStart);
  EXPECT_THAT(Instances(*plan), ElementsAre("a:1", "b:1"));
  const Target& found = plan->targets[1];
  EXPECT_EQ(found.labels.at("zone"), "eu");
  EXPECT_EQ(plan->discovered.at(found.labels).at("__meta_x"), "y");
  EXPECT_EQ(plan->discovered.at(found.labels).at("__address__"), "b:1");
}

TEST(TargetSet, DropsAndTellsOfDuplicatesOfOthersAndOfWhatCannotBe) {
  TargetSet set;
  const auto plan = set.Update(
      Jobs("static_configs: [{targets: ['a:1']}], "
           "relabel_configs: [{action: drop, source_labels: [__address__], regex: 'c:.*'}]"),
      Found({{{"a:1", "c:1", "d:1/x", "e:1"}, {}}}), kStart);
  EXPECT_THAT(Instances(*plan), ElementsAre("a:1", "e:1"));
  ASSERT_EQ(plan->dropped.size(), 3U);
  EXPECT_EQ(plan->dropped[0].reason, Reason::kDuplicate);
  EXPECT_THAT(plan->dropped[0].message, HasSubstr("instance=\"a:1\""));
  EXPECT_EQ(plan->dropped[1].reason, Reason::kRelabelling);
  EXPECT_EQ(plan->dropped[1].discovered.at("__address__"), "c:1");
  EXPECT_EQ(plan->dropped[2].reason, Reason::kInvalid);
  EXPECT_THAT(plan->dropped[2].message, HasSubstr("d:1/x"));
  EXPECT_EQ(plan->jobs.at(0).targets, 2U);
  EXPECT_EQ(plan->jobs.at(0).dropped.at(Reason::kInvalid), 1U);
}

TEST(TargetSet, RefusesAllTargetsOfAJobOverItsLimit) {
  TargetSet set;
  const auto jobs = Jobs("target_limit: 2");
  auto plan = set.Update(jobs, Found({{{"a:1", "b:1", "a:1"}, {}}}), kStart);
  EXPECT_FALSE(plan->jobs.at(0).is_over_limit);
  EXPECT_EQ(plan->targets.at(0).refusal, "");
  plan = set.Update(jobs, Found({{{"a:1", "b:1", "c:1"}, {}}}), kStart);
  EXPECT_TRUE(plan->jobs.at(0).is_over_limit);
  for (const Target& target : plan->targets)
    EXPECT_THAT(target.refusal, HasSubstr("target_limit of 2"));
  plan = set.Update(jobs, Found({{{"a:1", "b:1"}, {}}}), kStart);
  EXPECT_EQ(plan->targets.at(0).refusal, "");
}

TEST(TargetSet, ForgetsWhatDiscoveryLostAfterAGrace) {
  TargetSet set(minutes(5));
  const auto jobs = Jobs("scrape_interval: 1m");
  set.Update(jobs, Found({{{"a:1", "b:1"}, {}}}), kStart);
  EXPECT_EQ(set.next_forgotten(), std::nullopt);
  auto plan = set.Update(jobs, Found({{{"a:1"}, {}}}), kStart + seconds(10));
  EXPECT_THAT(Instances(*plan), ElementsAre("a:1"));
  EXPECT_THAT(Instances(*plan, true), ElementsAre("b:1"));
  EXPECT_EQ(plan->jobs.at(0).targets, 1U);
  EXPECT_EQ(set.next_forgotten(), kStart + seconds(310));
  // The grace counts from when it was lost, whatever happens meanwhile.
  plan = set.Update(jobs, Found({{{"a:1", "c:1"}, {}}}), kStart + seconds(309));
  EXPECT_THAT(Instances(*plan, true), ElementsAre("b:1"));
  plan = set.Update(jobs, Found({{{"a:1"}, {}}}), kStart + seconds(310));
  EXPECT_THAT(Instances(*plan, true), ElementsAre("c:1"));
  EXPECT_EQ(plan->discovered.size(), 2U);
}

TEST(TargetSet, GivesTargetsOfLongIntervalsThreeOfThem) {
  TargetSet set(minutes(5));
  const auto jobs = Jobs("scrape_interval: 10m");
  set.Update(jobs, Found({{{"a:1"}, {}}}), kStart);
  set.Update(jobs, Found({}), kStart);
  EXPECT_EQ(set.next_forgotten(), kStart + minutes(30));
}

TEST(TargetSet, TakesALostTargetBackAsIfNothingHadBeen) {
  TargetSet set;
  const auto jobs = Jobs("scrape_interval: 1m");
  const Target before = set.Update(jobs, Found({{{"a:1"}, {}}}), kStart)->targets.at(0);
  set.Update(jobs, Found({}), kStart + seconds(1));
  const auto plan = set.Update(jobs, Found({{{"a:1"}, {}}}), kStart + seconds(2));
  EXPECT_EQ(plan->targets.at(0), before);
  EXPECT_EQ(set.next_forgotten(), std::nullopt);
}

TEST(TargetSet, LetsGoAtOnceOfWhatAChangedConfigurationTakesAway) {
  TargetSet set;
  const auto groups = Found({{{"a:1", "b:1"}, {}}});
  set.Update(Jobs("scrape_interval: 1m"), groups, kStart);
  const auto plan = set.Update(
      Jobs("relabel_configs: [{action: keep, source_labels: [__address__], regex: 'a.*'}]"), groups,
      kStart);
  EXPECT_THAT(Instances(*plan), ElementsAre("a:1"));
  EXPECT_THAT(Instances(*plan, true), IsEmpty());
  EXPECT_THAT(set.Update({}, {}, kStart)->targets, IsEmpty());
}

}  // namespace
}  // namespace heapwatch
