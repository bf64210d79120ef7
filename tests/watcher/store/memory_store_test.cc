#include "watcher/store/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

HeapProfile Profile(std::int64_t inuse_objects) {
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f", "main.main"}), 64,
               {1000, 64000, inuse_objects, inuse_objects * 64});
  return maker.Make();
}

class MemoryStoreTest : public ::testing::Test {
 protected:
  MemoryStoreTest() {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(store_.Append(labels_, Minute(i), Profile(i)));
  }
  MemoryStore store_;
  Labels labels_ = {{"job", "api"}, {"version", "1.2"}};
  TargetId target_ = TargetId::Of(labels_);
};

TEST_F(MemoryStoreTest, ListsTargetsAndSnapshots) {
  const auto targets = store_.Targets().value();
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].labels, labels_);
  EXPECT_EQ(targets[0].first, Minute(0));
  EXPECT_EQ(targets[0].last, Minute(2));
  EXPECT_EQ(targets[0].snapshots, 3U);
  const auto snapshots = store_.Snapshots(target_, Minute(1), Minute(2)).value();
  ASSERT_EQ(snapshots.size(), 2U);
  EXPECT_EQ(snapshots[0].time, Minute(1));
  EXPECT_EQ(snapshots[0].inuse_bytes, 64);
  EXPECT_EQ(snapshots[0].alloc_bytes, 64000);
}

TEST_F(MemoryStoreTest, GivesTheProfileAtOrBeforeAMoment) {
  const auto profile = store_.ProfileAt(target_, Minute(2) - Duration(1)).value();
  EXPECT_EQ(profile.time, Minute(1));
  EXPECT_EQ(profile.values, Profile(1).values);
  EXPECT_EQ(store_.ProfileAt(target_, Minute(0) - Duration(1)).error().code, ErrorCode::kNotFound);
}

TEST_F(MemoryStoreTest, KeepsWhatWasFirstAppendedAtAMoment) {
  ASSERT_TRUE(store_.Append(labels_, Minute(1), Profile(99)));
  EXPECT_EQ(store_.ProfileAt(target_, Minute(1))->values, Profile(1).values);
}

TEST_F(MemoryStoreTest, BuildsTheWindowWithTheTargetsVersion) {
  const auto window = store_.Window(target_, Minute(0), Minute(1), LeafAttributor()).value();
  EXPECT_EQ(window.version, "1.2");
  EXPECT_THAT(window.series(Quantity::kInuseSpace, 0), ElementsAre(0, 64));
}

TEST_F(MemoryStoreTest, ForgetsWhatIsTooOldAndTargetsLeftWithNothing) {
  ASSERT_TRUE(store_.Age({.age = Duration(0)}, Minute(2)));
  EXPECT_EQ(store_.Targets()->at(0).snapshots, 1U);
  ASSERT_TRUE(store_.Age({.age = Duration(0)}, Minute(3)));
  EXPECT_THAT(store_.Targets().value(), IsEmpty());
}

TEST_F(MemoryStoreTest, NamesAnUnknownTarget) {
  const auto window = store_.Window(TargetId{7}, Minute(0), Minute(1), LeafAttributor());
  EXPECT_EQ(window.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(window.error().message, HasSubstr("0000000000000007"));
}

TEST_F(MemoryStoreTest, KeepsStates) {
  EXPECT_EQ(store_.GetState("alerts").value(), std::nullopt);
  ASSERT_TRUE(store_.PutState("alerts", "one"));
  ASSERT_TRUE(store_.PutState("alerts", "two"));
  EXPECT_EQ(store_.GetState("alerts").value(), "two");
}

}  // namespace
}  // namespace heapwatch
