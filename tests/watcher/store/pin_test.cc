#include "watcher/store/pin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/memory_store.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Labels kTarget = {{"job", "api"}};
const TargetId kTargetId = TargetId::Of(kTarget);
const Retention kNothing{.age = Duration(0)};

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

HeapProfile Profile(std::int64_t inuse_objects) {
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f", "main.main"}), 64,
               {1000, 64000, inuse_objects, inuse_objects * 64});
  return maker.Make();
}

Pin PinOf(Time from, Time to) {
  return {.id = "alert/1", .reason = "a test", .spans = {{kTargetId, from, to}}, .expires = {}};
}

// The stores must agree: snapshots stand alone here, so that each can be dropped by itself.
class PinTest : public ::testing::TestWithParam<bool> {
 protected:
  PinTest() {
    Open();
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(store_->Append(kTarget, Minute(i), Profile(i + 1)));
  }
  void Open() {
    if (!GetParam()) {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    RocksStoreOptions options;
    options.rows_per_chain = 1;
    store_.reset();
    store_ = RocksStore::Open(directory_.path(), options).value();
  }
  std::vector<int> MinutesKept() const {
    std::vector<int> minutes;
    const auto snapshots = store_->Snapshots(kTargetId, Minute(0), Minute(99));
    if (!snapshots) return minutes;
    for (const SnapshotInfo& snapshot : *snapshots)
      minutes.push_back(static_cast<int>(ToUnixMillis(snapshot.time) / 60'000));
    return minutes;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_P(PinTest, KeepsASpanWhateverItsAge) {
  ASSERT_TRUE(store_->PutPin(PinOf(Minute(2), Minute(4))));
  const auto report = store_->Age(kNothing, Minute(99));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->dropped, 5U);
  EXPECT_THAT(MinutesKept(), ElementsAre(2, 3, 4));
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(4))->values, Profile(5).values);
  EXPECT_EQ(store_->Targets()->at(0).first, Minute(2));
  EXPECT_EQ(store_->Targets()->at(0).snapshots, 3U);
}

TEST_P(PinTest, TakesNewSnapshotsAfterAllButThePinnedHasGone) {
  ASSERT_TRUE(store_->PutPin(PinOf(Minute(2), Minute(4))));
  ASSERT_TRUE(store_->Age(kNothing, Minute(99)));
  EXPECT_EQ(store_->Targets()->at(0).last, Minute(4));
  ASSERT_TRUE(store_->Append(kTarget, Minute(6), Profile(70)));
  EXPECT_EQ(store_->ProfileAt(kTargetId, Minute(6))->values, Profile(70).values);
  EXPECT_THAT(MinutesKept(), ElementsAre(2, 3, 4, 6));
}

TEST_P(PinTest, KeepsTheSnapshotThatStandsForAMomentBetweenTwo) {
  const Time between = Minute(3) + Duration(10);
  ASSERT_TRUE(store_->PutPin(PinOf(between, between)));
  ASSERT_TRUE(store_->Age(kNothing, Minute(99)));
  EXPECT_THAT(MinutesKept(), ElementsAre(3));
}

TEST_P(PinTest, LetsGoWhenItExpires) {
  Pin pin = PinOf(Minute(2), Minute(4));
  pin.expires = Minute(100);
  ASSERT_TRUE(store_->PutPin(pin));
  ASSERT_TRUE(store_->Age(kNothing, Minute(99)));
  EXPECT_THAT(MinutesKept(), ElementsAre(2, 3, 4));
  ASSERT_TRUE(store_->Age(kNothing, Minute(100)));
  EXPECT_THAT(store_->Targets().value(), IsEmpty());
  EXPECT_THAT(store_->Pins().value(), IsEmpty());
}

TEST_P(PinTest, IsReplacedByItsIdAndRemovedOnce) {
  ASSERT_TRUE(store_->PutPin(PinOf(Minute(2), Minute(4))));
  Pin pin = PinOf(Minute(5), Minute(5));
  pin.expires = Minute(500);
  ASSERT_TRUE(store_->PutPin(pin));
  ASSERT_TRUE(store_->PutPin(pin));
  EXPECT_THAT(store_->Pins().value(), ElementsAre(pin));
  ASSERT_TRUE(store_->RemovePin("alert/1"));
  ASSERT_TRUE(store_->RemovePin("alert/1"));
  EXPECT_THAT(store_->Pins().value(), IsEmpty());
}

TEST_P(PinTest, RefusesWhatMakesNoSense) {
  EXPECT_EQ(store_->PutPin({}).error().code, ErrorCode::kInvalidArgument);
  const auto backwards = store_->PutPin(PinOf(Minute(4), Minute(2)));
  ASSERT_FALSE(backwards);
  EXPECT_THAT(backwards.error().message, HasSubstr("alert/1"));
}

INSTANTIATE_TEST_SUITE_P(Stores, PinTest, ::testing::Bool(), [](const auto& is_on_disk) {
  return is_on_disk.param ? "RocksStore" : "MemoryStore";
});

TEST(Pins, AreThereAgainAfterAReopening) {
  const TemporaryDirectory directory;
  Pin pin = PinOf(Minute(2), Minute(4));
  pin.expires = Minute(77);
  ASSERT_TRUE(RocksStore::Open(directory.path()).value()->PutPin(pin));
  EXPECT_THAT(RocksStore::Open(directory.path()).value()->Pins().value(), ElementsAre(pin));
}

TEST(Pins, KeepAWholeChainAndLetTheOpenOneGo) {
  const TemporaryDirectory directory;
  RocksStoreOptions options;
  options.rows_per_chain = 4;
  const auto store = RocksStore::Open(directory.path(), options).value();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(store->Append(kTarget, Minute(i), Profile(i + 1)));
  ASSERT_TRUE(store->PutPin(PinOf(Minute(1), Minute(1))));
  ASSERT_TRUE(store->Age(kNothing, Minute(99)));
  EXPECT_EQ(store->Targets()->at(0).snapshots, 4U);
  ASSERT_TRUE(store->Append(kTarget, Minute(6), Profile(7)));
  EXPECT_EQ(store->ProfileAt(kTargetId, Minute(6))->values, Profile(7).values);
}

TEST(Pins, HaveALimit) {
  PinBoard board;
  Pin pin = PinOf(Minute(1), Minute(2));
  for (std::size_t i = 0; i < kMaxPins; ++i) {
    pin.id = std::to_string(i);
    ASSERT_TRUE(board.Put(pin));
  }
  ASSERT_TRUE(board.Put(pin));
  pin.id = "one more";
  EXPECT_EQ(board.Put(pin).error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace heapwatch
