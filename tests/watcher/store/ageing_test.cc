#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <map>
#include <random>
#include <thread>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/history.h"
#include "watcher/store/rocks_store.h"
#include "watcher/store/thinning.h"

namespace heapwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

const Labels kTarget = {{"job", "api"}};
const TargetId kTargetId = TargetId::Of(kTarget);

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

std::vector<SnapshotInfo> Course(const std::vector<std::int64_t>& inuse_bytes) {
  std::vector<SnapshotInfo> snapshots;
  for (const std::int64_t bytes : inuse_bytes) {
    const auto n = static_cast<std::int64_t>(snapshots.size());
    snapshots.push_back({Minute(static_cast<int>(n)), 1, bytes, 1000 * n});
  }
  return snapshots;
}

TEST(ChooseKept, LeavesTheFirstTheLastAndTheExtremesOfEachStretch) {
  auto course = Course({5, 6, 9, 7, 6, 2, 3, 4, 5, 6, 7, 7, 7});
  EXPECT_THAT(ChooseKept(course, minutes(10)), ElementsAre(true, false, true, false, false, true,
                                                           false, false, false, true,  // 0 to 9
                                                           true, false, true));
}

TEST(ChooseKept, EndsAStretchWhereTheProcessDoes) {
  auto course = Course({5, 6, 7, 8, 3, 4, 5, 6});
  for (std::size_t i = 4; i < 8; ++i) *course[i].alloc_bytes -= 3500;
  EXPECT_THAT(ChooseKept(course, minutes(10)),
              ElementsAre(true, false, false, true, true, false, false, true));
}

class AgeingTest : public ::testing::Test {
 protected:
  void Open(std::size_t rows_per_chain = 16) {
    RocksStoreOptions options;
    options.rows_per_chain = rows_per_chain;
    options.snapshots_per_block = rows_per_chain;
    options.sync_interval = hours(1);
    store_.reset();
    auto opened = RocksStore::Open(directory_.path(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  void Append(int from, int to) {
    for (int i = from; i < to; ++i) Append(i, heap_.Next());
  }
  void Append(int minute, HeapProfile profile) {
    profile.time = Minute(minute);
    ASSERT_TRUE(store_->Append(kTarget, Minute(minute), profile));
    appended_[minute] = Canonical(profile);
  }
  AgeingReport Age(const Retention& retention, Time now) {
    const auto report = store_->Age(retention, now);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_THAT(report.value_or(AgeingReport()).failures, IsEmpty());
    return report.value_or(AgeingReport());
  }
  // What is there, of which a part is looked at: it must be as it was appended.
  std::vector<int> Kept() {
    std::vector<int> kept;
    const auto snapshots = store_->Snapshots(kTargetId, Minute(0), Minute(99'999));
    EXPECT_TRUE(snapshots) << snapshots.error().message;
    for (const SnapshotInfo& snapshot : *snapshots) {
      const int minute = static_cast<int>(ToUnixMillis(snapshot.time) / 60'000);
      kept.push_back(minute);
      if (kept.size() % 11 != 0) continue;
      const auto profile = store_->ProfileAt(kTargetId, snapshot.time);
      EXPECT_TRUE(profile) << profile.error().message;
      EXPECT_EQ(Canonical(*profile), appended_.at(minute)) << minute;
    }
    EXPECT_EQ(store_->Targets()->at(0).snapshots, kept.size());
    EXPECT_EQ(store_->Targets()->at(0).first, Minute(kept.front()));
    EXPECT_EQ(store_->Targets()->at(0).last, Minute(kept.back()));
    return kept;
  }
  static Pin PinOf(int from, int to) {
    return {.id = "alert",
            .reason = "a test",
            .spans = {{kTargetId, Minute(from), Minute(to)}},
            .expires = {}};
  }

  TemporaryDirectory directory_;
  std::unique_ptr<RocksStore> store_;
  RandomHeap heap_{1};
  std::map<int, decltype(Canonical(HeapProfile()))> appended_;
};

const Retention kTenMinutes{.resolutions = {{hours(2), minutes(10)}}};

TEST_F(AgeingTest, LeavesAFewSnapshotsOfEachStretchExactlyAsTheyWere) {
  Open();
  Append(0, 1000);
  const AgeingReport report = Age(kTenMinutes, Minute(1000));
  EXPECT_GT(report.thinned, 200U);
  const std::vector<int> kept = Kept();
  EXPECT_EQ(kept.size(), 1000 - report.thinned);
  EXPECT_EQ(kept.front(), 0);
  std::map<int, int> per_stretch;
  for (const int minute : kept) ++per_stretch[minute / 10];
  for (int stretch = 0; stretch < 60; ++stretch) EXPECT_GE(per_stretch[stretch], 2) << stretch;
  // The last two hours stay whole.
  for (int minute = 880; minute < 1000; ++minute) EXPECT_THAT(kept, Contains(minute));
}

TEST_F(AgeingTest, DoesNothingMoreTheSecondTime) {
  Open();
  Append(0, 1000);
  Age(kTenMinutes, Minute(1000));
  const std::vector<int> kept = Kept();
  EXPECT_EQ(Age(kTenMinutes, Minute(1000)).thinned, 0U);
  Open();
  EXPECT_EQ(Age(kTenMinutes, Minute(1000)).thinned, 0U);
  EXPECT_EQ(Kept(), kept);
}

TEST_F(AgeingTest, GoesOnWithNewSnapshotsAndWithACoarserResolution) {
  Retention retention = kTenMinutes;
  retention.resolutions.push_back({hours(20), minutes(20)});
  Open();
  int minute = 0;
  for (int round = 0; round < 5; ++round, minute += 600) {
    Append(minute, minute + 600);
    Age(retention, Minute(minute + 600));
  }
  const std::vector<int> kept = Kept();
  std::map<int, int> per_stretch;
  for (const int each : kept) ++per_stretch[each / 20];
  for (int stretch = 0; stretch < 150; ++stretch) EXPECT_GE(per_stretch[stretch], 2) << stretch;
  // The coarser resolution leaves less than the finer one.
  const auto between = [&](int from, int to) {
    return std::count_if(kept.begin(), kept.end(),
                         [&](int each) { return each >= from && each < to; });
  };
  EXPECT_LT(between(0, 600), between(1800, 2400));
  EXPECT_LT(between(1800, 2400), 600);
}

TEST_F(AgeingTest, LeavesWhatIsPinnedWhole) {
  Open();
  Append(0, 1000);
  ASSERT_TRUE(store_->PutPin(PinOf(300, 340)));
  EXPECT_GT(Age(kTenMinutes, Minute(1000)).thinned, 100U);
  std::vector<int> pinned;
  for (int minute = 300; minute <= 340; ++minute) pinned.push_back(minute);
  EXPECT_THAT(Kept(), IsSupersetOf(pinned));
}

TEST_F(AgeingTest, ThinsOutLateSnapshotsTogetherWithWhatIsAroundThem) {
  Open(60);
  std::vector<HeapProfile> course;
  for (std::size_t minute = 0; minute < 1200; ++minute) course.push_back(heap_.Next());
  for (int minute = 0; minute < 1200; minute += 2)
    Append(minute, course.at(static_cast<std::size_t>(minute)));
  for (int minute = 1; minute < 1200; minute += 2)
    Append(minute, course.at(static_cast<std::size_t>(minute)));
  EXPECT_GT(Age(kTenMinutes, Minute(1400)).thinned, 100U);
  const std::vector<int> kept = Kept();
  for (const int minute : kept) {
    const auto profile = store_->ProfileAt(kTargetId, Minute(minute));
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(Canonical(*profile), appended_.at(minute)) << minute;
  }
}

TEST_F(AgeingTest, LeavesADamagedBlockAloneAndThinsOutTheRest) {
  Open();
  Append(0, 2000);
  const Time damaged = BlockScan(store_->db(), nullptr, kTargetId).Seek(Minute(32)).value()->first;
  store_.reset();
  {
    const auto db = RocksDb::Open({directory_.path(), 32U << 20}).value();
    Batch batch;
    batch.Put(db->family(Family::kBlocks), BlockKey(kTargetId, damaged, PartOfChunk(0)), "garbage");
    ASSERT_TRUE(db->Write(batch, false));
  }
  Open();
  const auto first = store_->Age(kTenMinutes, Minute(2000));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_GT(first->thinned, 300U);
  ASSERT_THAT(first->failures, SizeIs(1));
  EXPECT_THAT(first->failures[0].message, HasSubstr(FormatRfc3339(damaged)));
  Age(kTenMinutes, Minute(2000));
  EXPECT_LT(store_->Snapshots(kTargetId, Minute(700), Minute(1100))->size(), 350U);
}

TEST_F(AgeingTest, MakesRoomByDroppingTheOldestThatIsNotPinned) {
  Open();
  Append(0, 3000);
  ASSERT_TRUE(store_->PutPin(PinOf(10, 11)));
  ASSERT_TRUE(store_->Compact());
  const std::uint64_t before = Age({}, Minute(3000)).disk_bytes;
  Retention retention;
  retention.max_bytes = before / 2;
  const AgeingReport report = Age(retention, Minute(3000));
  EXPECT_LE(report.disk_bytes, *retention.max_bytes);
  EXPECT_FALSE(report.is_above_limit);
  EXPECT_GT(report.dropped_for_room, 300U);
  const std::vector<int> kept = Kept();
  EXPECT_THAT(kept, IsSupersetOf({10, 11, 2940, 2999}));
  EXPECT_LT(kept.size(), 2700U);
  EXPECT_GT(kept.size(), 300U);
  Append(3000, 3001);
}

// A pin makes ageing read the header it begins in.
TEST_F(AgeingTest, MakesRoomBesideADamagedTargetAndTellsWhereThereIsNone) {
  Open();
  for (int i = 0; i < 10; ++i) {
    if (i == 5) Append(0, 600);
    const Labels target = {{"job", std::to_string(i)}};
    for (int minute = 0; minute < 600; ++minute) {
      ASSERT_TRUE(store_->Append(target, Minute(minute), heap_.Next()));
    }
  }
  ASSERT_TRUE(store_->Compact());
  ASSERT_TRUE(store_->PutPin(PinOf(5, 10)));
  Batch batch;
  batch.Put(store_->db().family(Family::kHeaders), RowKey(kTargetId, Minute(0)), "garbage");
  ASSERT_TRUE(store_->db().Write(batch, false));
  Retention retention;
  retention.min_free_disk_bytes = UINT64_MAX / 2;
  const auto aged = store_->Age(retention, Minute(600));
  ASSERT_TRUE(aged) << aged.error().message;
  EXPECT_EQ(aged->room_made_before, Minute(540));
  EXPECT_THAT(aged->failures, SizeIs(1));
  EXPECT_THAT(aged->failures, Each(Field(&Error::message, HasSubstr(kTargetId.ToString()))));
  const auto targets = store_->Targets();
  for (const StoredTarget& target : *targets) {
    EXPECT_EQ(target.first > Minute(500), target.id != kTargetId);
  }
  const auto refused = store_->Append(kTarget, Minute(600), heap_.Next());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST_F(AgeingTest, KeepsTheLastHourAndRefusesMoreWhereTheDiskHasNoRoom) {
  Open();
  Append(0, 300);
  Retention retention;
  retention.min_free_disk_bytes = UINT64_MAX / 2;
  const AgeingReport report = Age(retention, Minute(300));
  EXPECT_TRUE(report.is_out_of_room);
  EXPECT_EQ(report.room_made_before, Minute(240));
  EXPECT_LE(Kept().front(), 240);
  EXPECT_GT(Kept().front(), 220);
  const auto refused = store_->Append(kTarget, Minute(300), heap_.Next());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_FALSE(Age({}, Minute(301)).is_out_of_room);
  EXPECT_TRUE(store_->Append(kTarget, Minute(301), heap_.Next()));
}

TEST_F(AgeingTest, LeavesNothingOfATargetThatHasNothingLeft) {
  Open();
  Append(0, 1000);
  Age(kTenMinutes, Minute(1000));
  Age({.age = minutes(0)}, Minute(1001));
  EXPECT_THAT(*store_->Targets(), IsEmpty());
  const std::unique_ptr<rocksdb::Iterator> it(
      store_->db().db().NewIterator(rocksdb::ReadOptions(), store_->db().family(Family::kDefault)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    EXPECT_THAT(it->key().ToString(), AnyOf("format", "tidied"));
  }
}

std::size_t DictionaryEntries(const std::string& path) {
  const auto db = RocksDb::Open({path, 32U << 20}).value();
  const std::unique_ptr<rocksdb::Iterator> it(
      db->db().NewIterator(rocksdb::ReadOptions(), db->family(Family::kDictionary)));
  std::size_t entries = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++entries;
  return entries;
}

TEST_F(AgeingTest, ForgetsTargetsInAPassThatIsStoppedAndMeetsThemAgain) {
  Open();
  const HeapProfile profile = heap_.Next();
  constexpr std::size_t kTargets = 2000;
  const auto append_to_each = [&](int minute) {
    for (std::size_t i = 0; i < kTargets; ++i) {
      ASSERT_TRUE(store_->Append({{"job", std::to_string(i)}}, Minute(minute), profile));
    }
  };
  append_to_each(0);
  std::atomic<bool> stop = false;
  {
    const std::jthread ageing(
        [&] { EXPECT_TRUE(store_->Age({.age = hours(1), .stop = &stop}, Minute(600))); });
    while (store_->Targets()->size() == kTargets) std::this_thread::yield();
    stop = true;
  }
  append_to_each(601);
  EXPECT_EQ(store_->Targets()->size(), kTargets);
  EXPECT_EQ(store_->Targets()->at(0).last, Minute(601));
}

TEST(Ageing, TidiesTheDictionaryBesidePacking) {
  const TemporaryDirectory directory;
  RocksStoreOptions options;
  options.rows_per_chain = 4;
  options.snapshots_per_block = 16;
  options.sync_interval = hours(1);
  const auto store = RocksStore::Open(directory.path(), options).value();
  std::vector<RandomHeap> heaps;
  for (unsigned seed = 0; seed < 200; ++seed) heaps.emplace_back(seed, 30);
  const auto append_to_each = [&](int minute) {
    for (std::size_t i = 0; i < heaps.size(); ++i) {
      EXPECT_TRUE(store->Append({{"job", std::to_string(i)}}, Minute(minute), heaps[i].Next()));
    }
  };
  int minute = 0;
  for (; minute < 64; ++minute) append_to_each(minute);
  std::atomic<bool> is_over = false;
  std::jthread packing([&] {
    while (!is_over) append_to_each(minute++);
  });
  for (int day = 0; day < 40; ++day) {
    const auto aged = store->Age({.age = hours(99'999)}, Minute(0) + hours(25 * day));
    EXPECT_TRUE(aged) << aged.error().message;
  }
  is_over = true;
}

// Stacks that nothing named when the tidying began, and that are met again before it ends.
TEST(Ageing, KeepsTheFunctionsOfStacksThatComeIntoUseMeanwhile) {
  const TemporaryDirectory directory;
  const auto store = RocksStore::Open(directory.path()).value();
  std::vector<HeapProfile> profiles;
  for (int i = 0; i < 2000; ++i) {
    ProfileMaker maker(GoSampleTypes());
    maker.Sample(maker.Stack({"main.f" + std::to_string(i)}), 64, {1, 64, 1, 64});
    profiles.push_back(maker.Make());
  }
  const auto append_each = [&](const Labels& target, Time from) {
    for (std::size_t i = 0; i < profiles.size(); ++i)
      EXPECT_TRUE(store->Append(target, from + std::chrono::seconds(i), profiles[i]));
  };
  const Labels again = {{"job", "again"}};
  ASSERT_TRUE(store->Age({}, Minute(0)));
  for (int round = 0; round < 5; ++round) {
    const Time from = Minute(0) + hours(30 * round);
    append_each(kTarget, from);
    ASSERT_TRUE(store->Age({.age = minutes(0)}, from + hours(1)));
    std::latch begun(1);
    std::jthread meeting([&] {
      begun.count_down();
      append_each(again, from);
    });
    begun.wait();
    ASSERT_TRUE(store->Age({.age = hours(99'999)}, from + hours(25)));
    meeting.join();
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      const auto kept = store->ProfileAt(TargetId::Of(again), from + std::chrono::seconds(i));
      ASSERT_TRUE(kept) << i << ": " << kept.error().message;
    }
  }
}

TEST_F(AgeingTest, ForgetsStacksThatNothingNamesAnyMore) {
  Open(1);
  Append(0, 5);
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f", "main.main"}), 64, {1, 64, 1, 64});
  HeapProfile last = maker.Make();
  last.time = Minute(5);
  ASSERT_TRUE(store_->Append(kTarget, Minute(5), last));
  Age({.age = minutes(0)}, Minute(5));
  ASSERT_TRUE(store_->Compact());
  EXPECT_EQ(Canonical(*store_->ProfileAt(kTargetId, Minute(5))), Canonical(last));
  store_.reset();
  EXPECT_EQ(DictionaryEntries(directory_.path()), 3U);  // one stack, two functions
  // What was forgotten is met again.
  Open(1);
  Append(6, 8);
  EXPECT_EQ(Canonical(*store_->ProfileAt(kTargetId, Minute(7))), appended_.at(7));
}

TEST_F(AgeingTest, ForgetsStacksBesideDamageAndKeepsThoseOfABlockWithoutItsHeader) {
  Open();
  const auto profile_of = [](const std::string& function) {
    ProfileMaker maker(GoSampleTypes());
    maker.Sample(maker.Stack({function}), 64, {1, 64, 1, 64});
    return maker.Make();
  };
  ASSERT_TRUE(store_->Append({{"job", "gone"}}, Minute(0), profile_of("main.gone")));
  const HeapProfile damaged = profile_of("main.damaged");
  ASSERT_TRUE(store_->Append({{"job", "damaged"}}, Minute(190), damaged));
  for (int i = 100; i < 116; ++i) Append(i, profile_of("main.early"));
  Append(116, 200);
  ASSERT_TRUE(store_->Compact());
  RocksDb& db = store_->db();
  const std::string key = RowKey(kTargetId, Minute(100));
  const std::string header = db.Get(Family::kHeaders, key).value();
  Batch damage;
  damage.Put(db.family(Family::kHeaders), key, "garbage");
  damage.Put(db.family(Family::kRows), RowKey(TargetId::Of({}), Minute(0)), "\x12garbage");
  damage.Put(db.family(Family::kDictionary), HashKey(kStackKind, damaged.stack_hashes[0]), "\xff");
  ASSERT_TRUE(db.Write(damage, false));
  ASSERT_TRUE(store_->Age({.age = minutes(150)}, Minute(200)));
  const std::unique_ptr<rocksdb::Iterator> it(
      db.db().NewIterator(rocksdb::ReadOptions(), db.family(Family::kDictionary)));
  for (it->SeekToFirst(); it->Valid(); it->Next())
    EXPECT_THAT(it->value().ToString(), Not(HasSubstr("main.gone")));
  Batch mend;
  mend.Put(db.family(Family::kHeaders), key, header);
  ASSERT_TRUE(db.Write(mend, false));
  for (const int minute : {100, 115, 116, 199}) {
    const auto profile = store_->ProfileAt(kTargetId, Minute(minute));
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(Canonical(*profile), appended_.at(minute));
  }
}

}  // namespace
}  // namespace heapwatch
