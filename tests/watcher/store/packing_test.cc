// How rows become blocks, and blocks longer ones.
#include <gmock/gmock.h>

#include "tests/watcher/store/rocks_store_fixture.h"
#include "watcher/store/history.h"
#include "watcher/store/target_entries.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::size_t kYear = 60 * 24 * 365;  // minutes

class PackingTest : public RocksStoreTest {
 protected:
  PackingTest() { Reopen(); }
  void Reopen() {
    RocksStoreOptions options;
    options.rows_per_chain = 4;
    options.snapshots_per_block = 16;
    RocksStoreTest::Reopen(options);
  }
  // The snapshots in each block.
  std::vector<std::size_t> Blocks() {
    std::vector<std::size_t> blocks;
    BlockScan scan(store_->db(), nullptr, kTargetId);
    for (auto block = scan.Seek(Minute(0)); block && *block; block = scan.Next())
      blocks.push_back((*block)->header.frame.times.size());
    return blocks;
  }
  std::size_t Rows() {
    const TargetEntries rows(store_->db(), Family::kRows, kTargetId);
    std::size_t count = 0;
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) ++count;
    return count;
  }
  void ExpectAll(std::size_t count) {
    const auto window = store_->Window(kTargetId, Minute(0), Minute(99), LeafAttributor()).value();
    const auto values = window.series(Quantity::kInuseObjects, 0);
    ASSERT_EQ(values.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(values[i], static_cast<std::int64_t>(i) + 1);
  }
};

TEST_F(PackingTest, JoinsShortBlocksOnceTheyMakeALongOne) {
  AppendMinutes(0, 16);
  EXPECT_THAT(Blocks(), ElementsAre(4, 4, 4));
  AppendMinutes(16, 17);
  EXPECT_THAT(Blocks(), ElementsAre(16));
  Reopen();
  AppendMinutes(17, 37);
  EXPECT_THAT(Blocks(), ElementsAre(16, 16, 4));
  ExpectAll(37);
}

TEST_F(PackingTest, TakesALateSnapshotIntoTheLongBlock) {
  AppendMinutes(0, 7);
  AppendMinutes(8, 10);
  AppendMinutes(7, 8);
  AppendMinutes(10, 18);
  EXPECT_THAT(Blocks(), ElementsAre(17));
  ExpectAll(18);
}

// The clock was ahead for a moment.
TEST_F(PackingTest, PacksManyLateSnapshotsAFewAtATime) {
  constexpr std::size_t kAhead = 80;
  ProfileMaker maker(GoSampleTypes());
  for (int i = 0; i < 5000; ++i) {
    maker.Sample(maker.Stack({"main.f" + std::to_string(i)}), 64, {1, 64, 1, 64});
  }
  const auto append = [&](std::size_t from, std::size_t to) {
    for (std::size_t minute = from; minute < to; ++minute) {
      HeapProfile profile = maker.Make();
      for (auto& value : profile.values) value += static_cast<std::int64_t>(minute * 100);
      ASSERT_TRUE(store_->Append(kTarget, Minute(minute), profile));
    }
  };
  append(0, 2);
  append(kAhead, kAhead + 1);
  append(2, kAhead);
  append(kAhead + 1, kAhead + 3);
  EXPECT_THAT(Blocks(), SizeIs(3));
  const auto window = store_->Window(kTargetId, Minute(0), Minute(999), LeafAttributor()).value();
  const auto values = window.series(Quantity::kInuseObjects, 4999);
  ASSERT_EQ(values.size(), kAhead + 3);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], static_cast<std::int64_t>(i * 100 + 1));
    EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(i))->time, Minute(i));
  }
}

TEST_F(PackingTest, FindsALateSnapshotAmongWhatIsPacked) {
  AppendMinutes(0, 2);
  AppendMinutes(3, 10);
  AppendMinutes(2, 3);
  ExpectAll(10);
}

TEST_F(PackingTest, JoinsWhatCompactingLeftShort) {
  AppendMinutes(0, 6);
  ASSERT_TRUE(store_->Compact());
  EXPECT_THAT(Blocks(), ElementsAre(6));
  AppendMinutes(6, 11);
  ASSERT_TRUE(store_->Compact());
  EXPECT_THAT(Blocks(), ElementsAre(11));
  AppendMinutes(11, 20);
  EXPECT_THAT(Blocks(), ElementsAre(19));
  ExpectAll(20);
}

TEST_F(PackingTest, GoesOnBesideADamagedShortBlock) {
  AppendMinutes(0, 12);
  store_.reset();
  Overwrite(directory_.path(), Family::kBlocks, BlockKey(kTargetId, Minute(4), PartOfChunk(0)),
            "garbage");
  Reopen();
  AppendMinutes(12, 37);
  EXPECT_THAT(Blocks(), ElementsAre(4, 4, 16, 4, 4, 4));
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(30))->values, Profile(31).values);
  EXPECT_FALSE(store_->ProfileAt(kTargetId, Minute(5)));
}

// The clock was ahead once: whatever is written until it is that late is no less packed.
TEST_F(PackingTest, PacksWhatIsWrittenBehindAClockThatWasAhead) {
  AppendMinutes(0, 2);
  AppendMinutes(kYear, kYear + 2);
  AppendMinutes(2, 5);
  Reopen();
  AppendMinutes(5, 20);
  EXPECT_THAT(Blocks(), ElementsAre(2, 16));
  EXPECT_EQ(Rows(), 2U + 2U);  // the latest, and those of next year
  ExpectAll(20);
  AppendMinutes(kYear + 2, kYear + 5);
  EXPECT_THAT(Blocks(), ElementsAre(2, 16, 4));
  EXPECT_EQ(Rows(), 2U + 1U);
  ExpectAll(20);
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(kYear + 4))->values,
            Profile(static_cast<std::int64_t>(kYear) + 5).values);
}

// As versions before this one left it behind such a clock.
TEST_F(PackingTest, CompactingPacksLateSnapshotsWhereverTheyAre) {
  AppendMinutes(0, 6);
  AppendMinutes(kYear, kYear + 1);
  store_.reset();
  for (std::size_t minute = 6; minute < 40; ++minute) {
    const auto row = RowWriter::WriteAside(Profile(static_cast<std::int64_t>(minute) + 1));
    ASSERT_TRUE(row);
    Overwrite(directory_.path(), Family::kRows, RowKey(kTargetId, Minute(minute)), row->bytes);
  }
  Reopen();
  EXPECT_EQ(Rows(), 34U + 1U);
  ASSERT_TRUE(store_->Compact());
  EXPECT_EQ(Rows(), 0U);
  EXPECT_THAT(Blocks(), ElementsAre(16, 16, 8, 1));
  ExpectAll(40);
  AppendMinutes(40, 44);
  ASSERT_TRUE(store_->Compact());
  EXPECT_THAT(Blocks(), ElementsAre(16, 16, 12, 1));
  ExpectAll(44);
}

TEST_F(PackingTest, CompactingLeavesDamageAloneAndPacksTheRest) {
  AppendMinutes(0, 6);
  AppendMinutes(kYear, kYear + 2);
  store_.reset();
  Overwrite(directory_.path(), Family::kBlocks, BlockKey(kTargetId, Minute(0), PartOfChunk(0)),
            "garbage");
  Reopen();
  const auto compacted = store_->Compact();
  ASSERT_FALSE(compacted);
  EXPECT_EQ(compacted.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(Blocks(), ElementsAre(4, 2, 2));
  EXPECT_EQ(Rows(), 0U);
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(5))->values, Profile(6).values);
}

}  // namespace
}  // namespace heapwatch
