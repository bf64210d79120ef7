#include "watcher/store/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <sstream>

#include "analysis/profile/decode.h"
#include "analysis/profile/profile_builder.h"
#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"
#include "tests/watcher/store/rocks_store_fixture.h"
#include "watcher/store/history.h"
#include "watcher/store/memory_store.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void ExpectSameWindow(const SiteWindow& a, const SiteWindow& b) {
  ASSERT_EQ(a.observations.size(), b.observations.size());
  for (std::size_t i = 0; i < a.observations.size(); ++i) {
    const Observation& x = a.observations[i];
    const Observation& y = b.observations[i];
    EXPECT_EQ(std::tie(x.time, x.sampling_period_bytes, x.lifetime, x.build, x.is_new),
              std::tie(y.time, y.sampling_period_bytes, y.lifetime, y.build, y.is_new))
        << "observation " << i;
  }
  EXPECT_EQ(a.sites, b.sites);
  EXPECT_EQ(a.first_row, b.first_row);
  EXPECT_EQ(a.has, b.has);
  EXPECT_EQ(a.matrix, b.matrix);
  EXPECT_EQ(a.version, b.version);
}

void ExpectSameSeries(const SomeSeries& a, const SomeSeries& b) {
  EXPECT_EQ(a.times, b.times);
  ASSERT_EQ(a.sites.size(), b.sites.size());
  for (std::size_t i = 0; i < a.sites.size(); ++i) {
    EXPECT_EQ(a.sites[i].site.id(), b.sites[i].site.id());
    EXPECT_EQ(a.sites[i].values, b.sites[i].values);
  }
}

// Everything the store answers must be what the store that keeps whole profiles answers.
void ExpectSameAnswers(const Store& store, const Store& fake, TargetId target, Time first,
                       Time last) {
  const LeafAttributor attributor;
  const Duration quarter = (last - first) / 4;
  for (const auto& [from, to] : {std::pair(first, last), std::pair(first + quarter, last - quarter),
                                 std::pair(last, last), std::pair(last, first)}) {
    ExpectSameWindow(store.Window(target, from, to, attributor).value(),
                     fake.Window(target, from, to, attributor).value());
    const SiteFilter every_third = [](const Site& site) { return site.id().low % 3 == 0; };
    ExpectSameSeries(store.Series(target, from, to, attributor, every_third).value(),
                     fake.Series(target, from, to, attributor, every_third).value());
    const auto snapshots = store.Snapshots(target, from, to).value();
    const auto expected = fake.Snapshots(target, from, to).value();
    ASSERT_EQ(snapshots.size(), expected.size());
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
      EXPECT_EQ(snapshots[i].time, expected[i].time);
      EXPECT_EQ(snapshots[i].inuse_bytes, expected[i].inuse_bytes);
      EXPECT_EQ(snapshots[i].alloc_bytes, expected[i].alloc_bytes);
    }
  }
  const auto all = fake.Snapshots(target, first, last).value();
  for (const SnapshotInfo& snapshot : all) {
    const auto profile = store.ProfileAt(target, snapshot.time);
    ASSERT_TRUE(profile) << profile.error().message;
    ASSERT_EQ(Canonical(*profile), Canonical(*fake.ProfileAt(target, snapshot.time)));
  }
}

TEST(RocksStore, AnswersAsTheFakeDoesOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    const TemporaryDirectory directory;
    MemoryStore fake;
    RandomHeap heap(seed);
    std::mt19937_64 random(seed);
    RocksStoreOptions options;
    options.rows_per_chain = 6;
    options.snapshots_per_block = 18;
    auto store = Open(directory.path(), options);
    std::size_t ahead = 0;
    Time last = Minute(0);
    for (std::size_t i = 0; i < 150; ++i) {
      if (random() % 20 == 0) {
        store.reset();
        store = Open(directory.path(), options);
      }
      if (random() % 40 == 0) {
        ASSERT_TRUE(store->Compact());
      }
      // Now and then the clock is ahead for a while, and a snapshot arrives late, or twice.
      if (random() % 10 == 0) ahead = random() % 3 * (random() % 2 == 0 ? 7 : 60 * 24 * 3);
      const std::size_t now = i + ahead;
      const Time time = random() % 8 == 0 ? Minute(random() % (now + 1)) : Minute(now);
      last = std::max(last, time);
      const HeapProfile profile = heap.Next();
      ASSERT_TRUE(store->Append(kTarget, time, profile));
      ASSERT_TRUE(fake.Append(kTarget, time, profile));
    }
    ExpectSameAnswers(*store, fake, kTargetId, Minute(0), last);
    EXPECT_EQ(store->Targets()->at(0).snapshots, fake.Targets()->at(0).snapshots);
    EXPECT_EQ(store->Targets()->at(0).first, fake.Targets()->at(0).first);
    EXPECT_EQ(store->Targets()->at(0).last, fake.Targets()->at(0).last);
  }
}

TEST(RocksStore, GivesBackRecordedProfilesOfRealPrograms) {
  const std::filesystem::path recorded = InSource("../shared/data/snapshots");
  if (!std::filesystem::exists(recorded)) GTEST_SKIP() << "no recorded snapshots in " << recorded;
  const TemporaryDirectory directory;
  const auto store = Open(directory.path());
  for (const auto& program : std::filesystem::directory_iterator(recorded)) {
    SCOPED_TRACE(program.path());
    MemoryStore fake;
    const Labels labels = {{"job", program.path().filename()}};
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(program))
      files.push_back(file.path());
    std::sort(files.begin(), files.end());
    files.resize(std::min<std::size_t>(files.size(), 30));
    Time first = Time::max();
    Time last = Time::min();
    for (const auto& file : files) {
      std::ostringstream bytes;
      bytes << std::ifstream(file, std::ios::binary).rdbuf();
      const auto profile = DecodeProfile(bytes.str());
      ASSERT_TRUE(profile) << profile.error().message;
      const Time time = FromUnixMillis(std::stoll(file.filename()));
      ASSERT_TRUE(store->Append(labels, time, *profile));
      ASSERT_TRUE(fake.Append(labels, time, *profile));
      first = std::min(first, time);
      last = std::max(last, time);
    }
    ExpectSameAnswers(*store, fake, TargetId::Of(labels), first, last);
  }
}

TEST_F(RocksStoreTest, KeepsTargetsAndStatesOverAReopening) {
  AppendMinutes(0, 3);
  ASSERT_TRUE(store_->PutState("alerts", "firing"));
  Reopen();
  const auto targets = store_->Targets().value();
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].labels, kTarget);
  EXPECT_EQ(targets[0].first, Minute(0));
  EXPECT_EQ(targets[0].last, Minute(2));
  EXPECT_EQ(targets[0].snapshots, 3U);
  EXPECT_EQ(store_->GetState("alerts").value(), "firing");
  EXPECT_EQ(store_->GetState("other").value(), std::nullopt);
}

TEST_F(RocksStoreTest, KeepsTargetsApart) {
  const Labels other = {{"job", "other"}};
  AppendMinutes(0, 3);
  AppendMinutes(1, 2, other);
  EXPECT_EQ(store_->Snapshots(TargetId::Of(other), Minute(0), Minute(9))->size(), 1U);
  EXPECT_EQ(store_->Snapshots(kTargetId, Minute(0), Minute(9))->size(), 3U);
  EXPECT_FALSE(store_->ProfileAt(TargetId::Of(other), Minute(0)));
  EXPECT_EQ(store_->ProfileAt(TargetId::Of(other), Minute(5))->time, Minute(1));
}

TEST_F(RocksStoreTest, AppendingTheSameMomentAgainChangesNothing) {
  AppendMinutes(0, 3);
  ASSERT_TRUE(store_->Append(kTarget, Minute(1), Profile(99)));
  ASSERT_TRUE(store_->Append(kTarget, Minute(2), Profile(99)));
  AppendMinutes(3, 4);
  const auto window = store_->Window(kTargetId, Minute(0), Minute(9), LeafAttributor()).value();
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 0), ElementsAre(1, 2, 3, 4));
}

TEST_F(RocksStoreTest, TakesALateSnapshotIntoTheMiddleOfAChain) {
  AppendMinutes(0, 2);
  AppendMinutes(3, 5);
  ASSERT_TRUE(store_->Append(kTarget, Minute(2), Profile(77)));
  AppendMinutes(5, 6);
  const auto window = store_->Window(kTargetId, Minute(1), Minute(9), LeafAttributor()).value();
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 0), ElementsAre(2, 77, 4, 5, 6));
}

TEST_F(RocksStoreTest, SeesARestartWithoutAllocations) {
  for (std::size_t minute = 0; minute < 4; ++minute) {
    ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
    const bool restarted = minute >= 2;
    for (std::int64_t i = 0; i < 10; ++i)
      maker.Sample(maker.Stack({"main.f" + std::to_string(i)}), 0, {restarted ? 10 + i : 900 + i});
    ASSERT_TRUE(store_->Append(kTarget, Minute(minute), maker.Make()));
  }
  const auto window = store_->Window(kTargetId, Minute(0), Minute(9), LeafAttributor()).value();
  EXPECT_EQ(window.observations[1].lifetime, 0U);
  EXPECT_EQ(window.observations[2].lifetime, 1U);
  EXPECT_EQ(window.observations[3].lifetime, 1U);
}

TEST_F(RocksStoreTest, KnowsSnapshotsBefore1970) {
  ASSERT_TRUE(store_->Append(kTarget, FromUnixMillis(-5), Profile(1)));
  ASSERT_TRUE(store_->Append(kTarget, FromUnixMillis(5), Profile(2)));
  const auto snapshots =
      store_->Snapshots(kTargetId, FromUnixMillis(-10), FromUnixMillis(10)).value();
  ASSERT_EQ(snapshots.size(), 2U);
  EXPECT_EQ(snapshots[0].inuse_bytes, 64);
}

TEST_F(RocksStoreTest, DropsWholeChainsThatAreTooOld) {
  RocksStoreOptions options;
  options.rows_per_chain = 4;
  Reopen(options);
  AppendMinutes(0, 10);
  ASSERT_TRUE(
      store_->Age({.age = Duration(0)}, Minute(6)));  // in the middle of the chain that began at 4
  EXPECT_EQ(store_->Targets()->at(0).first, Minute(4));
  EXPECT_EQ(store_->Targets()->at(0).snapshots, 6U);
  EXPECT_EQ(store_->Snapshots(kTargetId, Minute(0), Minute(9))->size(), 6U);
  AppendMinutes(10, 11);
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(10))->values, Profile(11).values);
}

TEST_F(RocksStoreTest, ForgetsTargetsThatHaveNothingLeftAndMeetsThemAgain) {
  AppendMinutes(0, 3);
  ASSERT_TRUE(store_->Age({.age = Duration(0)}, Minute(60)));
  EXPECT_THAT(store_->Targets().value(), IsEmpty());
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(5)).error().code, ErrorCode::kNotFound);
  AppendMinutes(60, 61);
  Reopen();
  EXPECT_EQ(store_->Targets()->at(0).snapshots, 1U);
}

TEST_F(RocksStoreTest, NamesSitesAnewForAnotherAttributor) {
  class Renamer : public LeafAttributor {
    Site Attribute(const HeapProfile& profile, StackId stack) const override {
      Site site = LeafAttributor::Attribute(profile, stack);
      site.function += "'";
      return site;
    }
  };
  AppendMinutes(0, 1);
  const LeafAttributor first;
  EXPECT_EQ(store_->Window(kTargetId, Minute(0), Minute(1), first)->sites[0].function, "main.f");
  EXPECT_EQ(store_->Window(kTargetId, Minute(0), Minute(1), Renamer())->sites[0].function,
            "main.f'");
}

// What the sanitizers' allocators hold malloc does not tell: only without them this can fail.
TEST_F(RocksStoreTest, RemembersNoMoreOfLongNamesThanItsMemory) {
  Reopen({.memory_limit_bytes = 16U << 20});
  const LeafAttributor attributor;
  const auto held = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::size_t before = held();
  for (char target = 'a'; target < 'a' + 12; ++target) {
    ProfileBuilder builder({SampleType{"inuse_space", "bytes"}});
    for (int i = 0; i < 3000; ++i) {
      const std::string name = target + std::to_string(i) + std::string(4000, 'x');
      builder.AddSample({Frame{name}}, 0, {1});
    }
    const Labels labels = {{"instance", std::string(1, target)}};
    ASSERT_TRUE(store_->Append(labels, Minute(0), std::move(builder).Build()));
    const auto window = store_->Window(TargetId::Of(labels), Minute(0), Minute(0), attributor);
    EXPECT_EQ(window.value().sites.size(), 3000U);
  }
  EXPECT_LT(held() - before, 80U << 20);  // of 144 MB
}

TEST_F(RocksStoreTest, TellsASecondOpenerThatTheStoreIsTaken) {
  const auto second = RocksStore::Open(directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr(directory_.path()));
  EXPECT_THAT(second.error().message, HasSubstr("another process has it open"));
}

TEST_F(RocksStoreTest, CanBeReadWhileAnotherWrites) {
  AppendMinutes(0, 3);
  RocksStoreOptions options;
  options.read_only = true;
  const auto reader = Open(directory_.path(), options);
  EXPECT_EQ(reader->Snapshots(kTargetId, Minute(0), Minute(9))->size(), 3U);
  EXPECT_FALSE(reader->Append(kTarget, Minute(7), Profile(1)));
}

TEST(RocksStore, TellsWhereItsDirectoryCannotBeMade) {
  const auto store = RocksStore::Open("/proc/heapwatch");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(store.error().message, HasSubstr("/proc/heapwatch"));
}

// Writes under the store's feet.
TEST_F(RocksStoreTest, RefusesAStoreOfAnotherFormat) {
  store_.reset();
  Overwrite(directory_.path(), Family::kDefault, "format", "heapwatch 9");
  const auto store = RocksStore::Open(directory_.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kWrongFormat);
  EXPECT_THAT(store.error().message, HasSubstr("\"heapwatch 9\""));
}

TEST_F(RocksStoreTest, NamesADamagedRowAndReadsTheRest) {
  RocksStoreOptions options;
  options.rows_per_chain = 4;
  Reopen(options);
  AppendMinutes(0, 8);
  store_.reset();
  Overwrite(directory_.path(), Family::kRows, RowKey(kTargetId, Minute(5)), "\x12garbage");
  store_ = Open(directory_.path(), options);
  AppendMinutes(8, 12);

  const auto damaged = store_->Window(kTargetId, Minute(0), Minute(20), LeafAttributor());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(damaged.error().message, HasSubstr(kTargetId.ToString()));
  EXPECT_THAT(damaged.error().message, HasSubstr("1970-01-01T00:05:00Z"));
  EXPECT_TRUE(store_->ProfileAt(kTargetId, Minute(4)));
  EXPECT_TRUE(store_->Window(kTargetId, Minute(0), Minute(4), LeafAttributor()));
  EXPECT_TRUE(store_->Window(kTargetId, Minute(8), Minute(20), LeafAttributor()));
}

TEST_F(RocksStoreTest, NamesADamagedBlockAndReadsTheRest) {
  RocksStoreOptions options;
  options.rows_per_chain = 4;
  Reopen(options);
  AppendMinutes(0, 12);
  store_.reset();
  Overwrite(directory_.path(), Family::kBlocks, BlockKey(kTargetId, Minute(4), PartOfChunk(0)),
            "garbage");
  store_ = Open(directory_.path(), options);

  const auto damaged = store_->Window(kTargetId, Minute(0), Minute(20), LeafAttributor());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(damaged.error().message, HasSubstr(kTargetId.ToString()));
  EXPECT_THAT(damaged.error().message, HasSubstr("1970-01-01T00:04:00Z"));
  EXPECT_FALSE(store_->ProfileAt(kTargetId, Minute(5)));
  EXPECT_TRUE(store_->ProfileAt(kTargetId, Minute(3)));
  EXPECT_TRUE(store_->Window(kTargetId, Minute(0), Minute(3), LeafAttributor()));
  EXPECT_TRUE(store_->Window(kTargetId, Minute(8), Minute(20), LeafAttributor()));
}

TEST_F(RocksStoreTest, PacksWhatIsThereWhenCompactedAndGoesOn) {
  AppendMinutes(0, 3);
  ASSERT_TRUE(store_->Compact());
  AppendMinutes(3, 5);
  ASSERT_TRUE(store_->Compact());
  ASSERT_TRUE(store_->Compact());
  const auto window = store_->Window(kTargetId, Minute(1), Minute(9), LeafAttributor()).value();
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 0), ElementsAre(2, 3, 4, 5));
  EXPECT_EQ(store_->Targets()->at(0).snapshots, 5U);
}

TEST_F(RocksStoreTest, AppendsOnAfterADamagedLastRow) {
  AppendMinutes(0, 3);
  store_.reset();
  Overwrite(directory_.path(), Family::kRows, RowKey(kTargetId, Minute(2)), "");
  store_ = Open(directory_.path());
  AppendMinutes(3, 5);
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(4))->values, Profile(5).values);
}

TEST_F(RocksStoreTest, KeepsAppendingWithinLittleMemory) {
  RocksStoreOptions options;
  options.memory_limit_bytes = 4096;  // every writer is put out after its row
  Reopen(options);
  for (std::size_t i = 0; i < 5; ++i) {
    for (int t = 0; t < 4; ++t) AppendMinutes(i, i + 1, {{"instance", std::to_string(t)}});
  }
  const auto window =
      store_->Window(TargetId::Of({{"instance", "2"}}), Minute(0), Minute(9), LeafAttributor())
          .value();
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 0), ElementsAre(1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace heapwatch
