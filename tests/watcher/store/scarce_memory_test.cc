// One target too large for what memory there is must cost the others nothing.
#include "tests/watcher/store/scarce_memory.h"

#include <gmock/gmock.h>

#include "tests/watcher/store/rocks_store_fixture.h"

namespace heapwatch {
namespace {

using ::testing::Contains;
using ::testing::Field;

constexpr std::size_t kMostBytes = 400U << 10;
const Labels kWide = {{"instance", "wide"}};

// Each stack is of a function of its own.
HeapProfile WideProfile(std::int64_t inuse_objects) {
  ProfileMaker maker(GoSampleTypes());
  for (int i = 0; i < 4000; ++i) {
    maker.Sample(maker.Stack({std::string(200, 'f') + std::to_string(i)}), 64,
                 {inuse_objects, inuse_objects * 64, inuse_objects, inuse_objects * 64});
  }
  return maker.Make();
}

class ScarceMemoryTest : public RocksStoreTest {};

// Whichever allocation is the first to fail.
TEST_F(ScarceMemoryTest, CostsASnapshotThatIsTooLargeAndNothingElse) {
  const TargetId wide = TargetId::Of(kWide);
  const HeapProfile profile = WideProfile(1);
  std::size_t minute = 0;
  Result<void> kept = Fail(ErrorCode::kInternal, "not tried");
  for (std::size_t most_bytes = 32U << 10; !kept; most_bytes += most_bytes / 4) {
    ASSERT_LT(minute, 60U);
    ASSERT_TRUE(store_->Append(kWide, Minute(minute++), Profile(7)));
    const ScarceMemory scarce(most_bytes);
    kept = store_->Append(kWide, Minute(minute++), profile);
    if (!kept) {
      ASSERT_EQ(kept.error().message, "out of memory") << most_bytes;
    }
  }
  EXPECT_GT(minute, 4U) << "memory was never wanting";
  ASSERT_TRUE(store_->Append(kWide, Minute(minute), Profile(8)));
  Reopen();
  EXPECT_EQ(store_->Snapshots(wide, Minute(0), Minute(99))->size(), minute / 2 + 2);
  EXPECT_EQ(store_->ProfileAt(wide, Minute(minute - 2))->values, Profile(7).values);
  EXPECT_EQ(store_->ProfileAt(wide, Minute(minute - 1))->values, profile.values);
  EXPECT_EQ(store_->ProfileAt(wide, Minute(minute))->values, Profile(8).values);
}

TEST_F(ScarceMemoryTest, LeavesTheHistoryOfATargetThatIsTooLargeAsItIsAndAgesTheOthers) {
  for (std::size_t minute = 0; minute < 200; ++minute) {
    const auto objects = static_cast<std::int64_t>(minute);
    ASSERT_TRUE(store_->Append(kWide, Minute(minute), WideProfile(objects)));
    ASSERT_TRUE(store_->Append(kTarget, Minute(minute), Profile(objects)));
  }
  Retention retention;
  retention.age = std::chrono::hours(24);
  retention.resolutions = {{std::chrono::hours(1), std::chrono::minutes(3)}};
  const auto age = [&] { return store_->Age(retention, Minute(400)).value(); };
  AgeingReport report;
  {
    const ScarceMemory scarce(kMostBytes);
    report = age();
  }
  EXPECT_THAT(report.failures, Contains(Field(&Error::message, "out of memory")));
  EXPECT_GT(report.thinned, 0U);
  EXPECT_EQ(store_->Snapshots(TargetId::Of(kWide), Minute(0), Minute(999))->size(), 200U);
  EXPECT_LT(store_->Snapshots(kTargetId, Minute(0), Minute(999))->size(), 200U);
  EXPECT_TRUE(age().failures.empty());
  EXPECT_LT(store_->Snapshots(TargetId::Of(kWide), Minute(0), Minute(999))->size(), 200U);
}

}  // namespace
}  // namespace heapwatch
