// What stays of a store that takes more room than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using std::chrono::hours;
using ::testing::IsEmpty;

const Labels kTarget = {{"job", "api"}};
const TargetId kTargetId = TargetId::Of(kTarget);
constexpr int kHours = 48;

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

// A program that is built anew every hour: none of its stacks are met again, and the dictionary is
// by far the larger part of the store.
class RoomTest : public ::testing::Test {
 protected:
  RoomTest() {
    Open();
    for (int hour = 0; hour < kHours; ++hour) AppendHour(hour);
    EXPECT_TRUE(store_->Compact());
  }
  void Open() {
    store_.reset();
    store_ =
        RocksStore::Open(directory_.path(), {.sync_interval = hours(1), .snapshots_per_block = 60})
            .value();
  }
  void AppendHour(int hour) {
    ProfileMaker maker(GoSampleTypes());
    for (int i = 0; i < 200; ++i) {
      maker.Sample(maker.Stack({RandomName(), "main.main"}), 64, {1, 64, 1, 64});
    }
    for (int minute = 60 * hour; minute < 60 * (hour + 1); ++minute) {
      ASSERT_TRUE(store_->Append(kTarget, Minute(minute), maker.Make()));
    }
  }
  std::string RandomName() {
    std::string name = "main.";
    for (int i = 0; i < 100; ++i) name += static_cast<char>('a' + random_() % 26);
    return name;
  }
  AgeingReport Age(const Retention& retention, int minute) {
    const auto report = store_->Age(retention, Minute(minute));
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_THAT(report.value_or(AgeingReport()).failures, IsEmpty());
    return report.value_or(AgeingReport());
  }
  AgeingReport AgeToThreeQuarters() {
    return Age({.max_bytes = store_->db().DiskBytes() / 4 * 3}, 60 * kHours);
  }
  // A little less, so that there is room for a while.
  static void ExpectAboutThreeQuarters(const StoredTarget& target) {
    EXPECT_GE(target.first, Minute(60 * kHours / 4));
    EXPECT_LE(target.first, Minute(60 * kHours * 2 / 5));
  }

  TemporaryDirectory directory_;
  std::mt19937 random_{1};
  std::unique_ptr<RocksStore> store_;
};

TEST_F(RoomTest, IsMadeOfTheDictionaryInStepWithTheHistory) {
  const AgeingReport report = AgeToThreeQuarters();
  EXPECT_FALSE(report.is_above_limit);
  EXPECT_EQ(report.room_made_before.has_value(), report.dropped_for_room > 0);
  const StoredTarget target = store_->Targets()->at(0);
  EXPECT_EQ(target.snapshots, 60U * kHours - report.dropped_for_room);
  ExpectAboutThreeQuarters(target);
  for (int minute = 60 * kHours - 60; minute < 60 * kHours; ++minute) {
    EXPECT_TRUE(store_->ProfileAt(kTargetId, Minute(minute)));
  }
  AppendHour(kHours);
}

TEST_F(RoomTest, IsMadeBesidePins) {
  ASSERT_TRUE(store_->PutPin({.id = "p",
                              .reason = "r",
                              .spans = {{kTargetId, Minute(60), Minute(60 * kHours / 6)}},
                              .expires = {}}));
  EXPECT_FALSE(AgeToThreeQuarters().is_above_limit);
  for (int minute = 60; minute <= 60 * kHours / 6; ++minute) {
    const auto profile = store_->ProfileAt(kTargetId, Minute(minute));
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->time, Minute(minute));
  }
  EXPECT_GT(store_->Targets()->at(0).snapshots, 60U * kHours / 2);
}

// What was dropped stays on disk until nobody reads it any more.
TEST_F(RoomTest, IsMadeOnlyOnceForWhatIsStillRead) {
  std::vector<std::unique_ptr<rocksdb::Iterator>> readers;
  for (const Family family :
       {Family::kDictionary, Family::kRows, Family::kHeaders, Family::kBlocks}) {
    readers.emplace_back(
        store_->db().db().NewIterator(rocksdb::ReadOptions(), store_->db().family(family)));
  }
  AgeToThreeQuarters();
  ExpectAboutThreeQuarters(store_->Targets()->at(0));
}

TEST_F(RoomTest, IsMadeOfADictionaryThatWasLeftUntidyOverARestart) {
  Age({.age = hours(kHours)}, 60 * kHours);
  Age({.age = hours(1)}, 60 * kHours + 1);
  ASSERT_TRUE(store_->db().Flush());
  const std::uint64_t before = store_->db().DiskBytes();
  Open();
  Age({}, 60 * (kHours + 23));
  Open();
  Age({}, 60 * (kHours + 24) + 1);
  EXPECT_LT(store_->db().DiskBytes(), before / 2);
}

}  // namespace
}  // namespace heapwatch
