#include "analysis/series/site_window_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Block {
  std::string function;
  std::int64_t block_bytes;
  std::int64_t alloc_objects;
  std::int64_t inuse_objects;
};

// Every sample allocates exactly, so that bytes are count times size.
HeapProfile Profile(const std::vector<Block>& blocks, std::string build_id = "b1") {
  ProfileMaker maker(GoSampleTypes());
  Mapping mapping;
  mapping.build_id = maker.Keep(std::move(build_id));
  maker.profile().mappings.push_back(mapping);
  for (const Block& b : blocks) {
    maker.Sample(maker.Stack({b.function, "main.main"}), b.block_bytes,
                 {b.alloc_objects, b.alloc_objects * b.block_bytes, b.inuse_objects,
                  b.inuse_objects * b.block_bytes});
  }
  return maker.Make();
}

SiteWindow WindowOf(const std::vector<HeapProfile>& profiles) {
  static const LeafAttributor attributor;
  SiteWindowBuilder builder(attributor);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    builder.Add(FromUnixMillis(static_cast<std::int64_t>(i) * 60'000), profiles[i]);
  }
  return builder.Build();
}

std::vector<std::uint32_t> Lifetimes(const SiteWindow& window) {
  std::vector<std::uint32_t> lifetimes;
  for (const Observation& o : window.observations) lifetimes.push_back(o.lifetime);
  return lifetimes;
}

TEST(SiteWindowBuilder, SumsTheStacksOfASiteAndKeepsBlockSizesApart) {
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f", "main.a"}), 64, {10, 640, 1, 64});
  maker.Sample(maker.Stack({"main.f", "main.b"}), 64, {20, 1280, 2, 128});
  maker.Sample(maker.Stack({"main.f", "main.b"}), 4096, {1, 4096, 1, 4096});
  maker.Sample(maker.Stack({"main.e", "main.b"}), 64, {3, 192, 0, 0});
  const SiteWindow window = WindowOf({maker.Make()});

  ASSERT_EQ(window.sites.size(), 2U);
  EXPECT_EQ(window.sites[0].function, "main.e");
  EXPECT_EQ(window.sites[1].function, "main.f");
  EXPECT_THAT(window.first_row, ElementsAre(0, 1, 3));
  EXPECT_EQ(window.rows[1].block_bytes, 64);
  EXPECT_EQ(window.rows[2].block_bytes, 4096);
  EXPECT_THAT(window.series(Quantity::kAllocObjects, 1), ElementsAre(30));
  EXPECT_THAT(window.series(Quantity::kInuseSpace, 1), ElementsAre(192));
  EXPECT_THAT(window.series(Quantity::kInuseSpace, 2), ElementsAre(4096));
}

TEST(SiteWindowBuilder, TakesAStackThatIsMissingForZero) {
  const SiteWindow window = WindowOf({Profile({{"main.f", 64, 10, 5}}),
                                      Profile({{"main.f", 64, 10, 5}, {"main.g", 64, 10, 5}}),
                                      Profile({{"main.g", 64, 90, 5}})});
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 0), ElementsAre(5, 5, 0));
  EXPECT_THAT(window.series(Quantity::kInuseObjects, 1), ElementsAre(0, 5, 5));
}

TEST(SiteWindowBuilder, StartsALifetimeWhereATotalFalls) {
  const SiteWindow window =
      WindowOf({Profile({{"main.f", 64, 100, 5}}), Profile({{"main.f", 64, 200, 5}}),
                Profile({{"main.f", 64, 10, 5}}), Profile({{"main.f", 64, 20, 5}})});
  EXPECT_THAT(Lifetimes(window), ElementsAre(0, 0, 1, 1));
}

TEST(SiteWindowBuilder, StartsALifetimeWhereTheNewLifeHasOvertakenTheOld) {
  const SiteWindow window =
      WindowOf({Profile({{"main.start", 64, 100, 5}, {"main.f", 64, 1, 1}}),
                Profile({{"main.start", 64, 10, 5}, {"main.f", 64, 900, 1}})});
  EXPECT_THAT(Lifetimes(window), ElementsAre(0, 1));
}

TEST(SiteWindowBuilder, KeepsTheLifetimeWhereInuseFallsOrAFewCumulativeRecordsVanish) {
  const SiteWindow window = WindowOf({Profile({{"main.f", 64, 100, 50}, {"main.g", 64, 2, 1}}),
                                      Profile({{"main.f", 64, 120, 1}})});
  EXPECT_THAT(Lifetimes(window), ElementsAre(0, 0));
}

TEST(SiteWindowBuilder, MarksAProfileThatEqualsTheOneBeforeAsTheSameObservation) {
  const auto first = Profile({{"main.f", 64, 100, 50}});
  const auto second = Profile({{"main.f", 64, 101, 50}});
  const SiteWindow window = WindowOf({first, first, second, second});
  std::vector<bool> is_new;
  for (const Observation& o : window.observations) is_new.push_back(o.is_new);
  EXPECT_THAT(is_new, ElementsAre(true, false, true, false));
}

TEST(SiteWindowBuilder, TakesWhatHasNotChangedForLongForAnObservation) {
  const auto idle = Profile({{"main.f", 64, 100, 50}});
  const SiteWindow window = WindowOf({idle, idle, idle, idle, idle, idle, idle});
  std::vector<bool> is_new;
  for (const Observation& o : window.observations) is_new.push_back(o.is_new);
  EXPECT_THAT(is_new, ElementsAre(true, false, false, false, false, true, false));
}

TEST(SiteWindowBuilder, SeesARestartWithoutAllocationsByWhereTheMainBinaryLies) {
  const auto at = [](std::uint64_t address) {
    ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
    Mapping mapping;
    mapping.file = "/bin/app";
    mapping.start = address;
    maker.profile().mappings.push_back(mapping);
    maker.Sample(maker.Stack({"main.f"}), 0, {500});
    return maker.Make();
  };
  const SiteWindow window = WindowOf({at(0x5500), at(0x5500), at(0), at(0x5600), at(0x5700)});
  EXPECT_THAT(Lifetimes(window), ElementsAre(0, 0, 0, 0, 1));
}

// Of a process of ten stacks that tells neither allocations nor mappings.
HeapProfile InuseOf(const std::vector<std::int64_t>& inuse_bytes) {
  ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
  for (std::size_t i = 0; i < inuse_bytes.size(); ++i)
    maker.Sample(maker.Stack({"main.f" + std::to_string(i)}), 0, {inuse_bytes[i]});
  return maker.Make();
}

TEST(SiteWindowBuilder, SeesARestartWithoutAllocationsWhereHardlyAStackHoldsWhatItHeld) {
  const auto young = InuseOf({20, 31, 32, 33, 34, 35, 36, 37, 38, 39});
  const auto grown = InuseOf({900, 31, 32, 33, 34, 35, 36, 37, 38, 39});
  const auto young_again = InuseOf({25, 41, 32, 43, 44, 45, 46, 0, 48, 49});
  const SiteWindow window = WindowOf({young, grown, young_again, young_again});
  EXPECT_THAT(Lifetimes(window), ElementsAre(0, 0, 1, 1));
}

TEST(SiteWindowBuilder, TakesWhatIsGivenBackForNoRestartWithoutAllocations) {
  const auto grown = InuseOf({900, 31, 32, 33, 34, 35, 36, 37, 38, 39});
  const auto flushed = InuseOf({0, 31, 32, 33, 34, 35, 36, 37, 38, 39});
  EXPECT_THAT(Lifetimes(WindowOf({grown, flushed})), ElementsAre(0, 0));
  // All stacks change under load, but the heap is not gone.
  const auto busy = InuseOf({800, 41, 42, 43, 44, 45, 46, 47, 48, 49});
  EXPECT_THAT(Lifetimes(WindowOf({grown, busy})), ElementsAre(0, 0));
  // Few stacks may all change at once.
  EXPECT_THAT(Lifetimes(WindowOf({InuseOf({900, 31, 32}), InuseOf({20, 41, 42})})),
              ElementsAre(0, 0));
}

TEST(SiteWindowBuilder, LooksAtNothingElseForRestartsWhereAllocationsAreTold) {
  std::vector<Block> before;
  std::vector<Block> after;
  for (int i = 0; i < 10; ++i) {
    before.push_back({"main.f" + std::to_string(i), 64, 1000, 900 + i});
    after.push_back({"main.f" + std::to_string(i), 64, 1001, 10 + i});
  }
  EXPECT_THAT(Lifetimes(WindowOf({Profile(before), Profile(after)})), ElementsAre(0, 0));
}

TEST(SiteWindowBuilder, CountsBuildsByTheMainBinary) {
  const std::vector<Block> blocks = {{"main.f", 64, 100, 50}};
  const SiteWindow window =
      WindowOf({Profile(blocks, "b1"), Profile(blocks, "b1"), Profile(blocks, "b2")});
  EXPECT_EQ(window.observations[1].build, 0U);
  EXPECT_EQ(window.observations[2].build, 1U);
}

TEST(SiteWindowBuilder, LeavesOutWhatAProfileDoesNotTell) {
  ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
  maker.profile().sampling_period_bytes = std::nullopt;
  maker.Sample(maker.Stack({"main.f"}), 0, {500});
  const SiteWindow window = WindowOf({maker.Make(), maker.Make()});
  EXPECT_THAT(window.has, ElementsAre(true, false, false, false));
  EXPECT_THAT(window.series(Quantity::kInuseSpace, 0), ElementsAre(500, 500));
  EXPECT_THAT(window.matrix[static_cast<std::size_t>(Quantity::kAllocSpace)], IsEmpty());
  EXPECT_EQ(window.observations[0].sampling_period_bytes, 0);
}

TEST(SiteWindowBuilder, TellsAQuantityOnlyWhereAllProfilesDo) {
  ProfileMaker inuse_only(std::vector<SampleType>{{"inuse_space", "bytes"}});
  inuse_only.Sample(inuse_only.Stack({"main.f", "main.main"}), 64, {64});
  const SiteWindow window = WindowOf({inuse_only.Make(), Profile({{"main.f", 64, 10, 2}})});
  EXPECT_THAT(window.has, ElementsAre(true, false, false, false));
  EXPECT_THAT(window.series(Quantity::kInuseSpace, 0), ElementsAre(64, 128));
}

TEST(SiteWindowBuilder, SumsAStackThatStandsTwiceInAProfile) {
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f"}), 64, {1, 64, 1, 64});
  maker.Sample(maker.Stack({"main.f"}), 64, {2, 128, 1, 64});
  const SiteWindow window = WindowOf({maker.Make(), maker.Make()});
  EXPECT_THAT(window.series(Quantity::kAllocObjects, 0), ElementsAre(3, 3));
  EXPECT_FALSE(window.observations[1].is_new);
}

TEST(SiteWindowBuilder, IsEmptyWithoutProfiles) {
  const SiteWindow window = WindowOf({});
  EXPECT_TRUE(window.observations.empty());
  EXPECT_THAT(window.first_row, ElementsAre(0));
  EXPECT_THAT(window.has, ElementsAre(false, false, false, false));
}

}  // namespace
}  // namespace heapwatch
