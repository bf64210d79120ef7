#include "analysis/trend/cost_shift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace heapwatch {
namespace {

constexpr std::int64_t kPeriod = 512 * 1024;
constexpr std::int64_t kMiB = 1 << 20;

// What a site allocated since the start of its process, by each of three scrapes before a deploy
// and three after it; 0: it does not exist.
struct Allocating {
  std::int64_t bytes_per_scrape_before = 0;
  std::int64_t bytes_per_scrape_after = 0;
  std::int64_t object_bytes = 1024;
  std::int64_t bytes_before_the_first_scrape = 0;
};

SiteWindow WindowOf(const std::vector<Allocating>& sites) {
  constexpr int kScrapes = 6;
  SiteWindow window;
  window.has = {true, true, true, true};
  window.first_row = {0};
  for (int i = 0; i < kScrapes; ++i) {
    const std::uint32_t life = i < kScrapes / 2 ? 0 : 1;
    window.observations.push_back({.time = FromUnixMillis(1'750'000'000'000 + i * 60'000),
                                   .sampling_period_bytes = kPeriod,
                                   .lifetime = life,
                                   .build = life});
  }
  for (std::size_t s = 0; s < sites.size(); ++s) {
    window.sites.push_back({.function = "site" + std::to_string(s)});
    window.rows.push_back({SiteId(s), sites[s].object_bytes});
    window.first_row.push_back(static_cast<std::uint32_t>(s + 1));
    for (int i = 0; i < kScrapes; ++i) {
      const std::int64_t bytes =
          i < kScrapes / 2
              ? sites[s].bytes_per_scrape_before * (i + 1) + sites[s].bytes_before_the_first_scrape
              : sites[s].bytes_per_scrape_after * (i + 1 - kScrapes / 2);
      for (std::size_t q = 0; q < kQuantityCount; ++q)
        window.matrix[q].push_back(q % 2 == 0 ? bytes : bytes / sites[s].object_bytes);
    }
  }
  return window;
}

// Of the last site.
std::optional<std::size_t> PredecessorIn(const SiteWindow& window) {
  const auto found =
      Predecessor(window, window.observations.size(), SiteId(window.sites.size() - 1));
  return found ? std::optional(found->index()) : std::nullopt;
}
std::optional<std::size_t> PredecessorAmong(const std::vector<Allocating>& sites) {
  return PredecessorIn(WindowOf(sites));
}

constexpr Allocating kOld = {.bytes_per_scrape_before = 400 * kMiB};
constexpr Allocating kNew = {.bytes_per_scrape_after = 400 * kMiB};

TEST(Predecessor, IsTheSiteThatWentWhenThisOneCame) {
  EXPECT_EQ(PredecessorAmong({kOld, kNew}), 0U);
  // One that is still there, or was already, took nobody's place.
  Allocating stays = kOld;
  stays.bytes_per_scrape_after = kMiB;
  EXPECT_EQ(PredecessorAmong({stays, kNew}), std::nullopt);
  Allocating was_there = kNew;
  was_there.bytes_per_scrape_before = kMiB;
  EXPECT_EQ(PredecessorAmong({kOld, was_there}), std::nullopt);
  EXPECT_EQ(PredecessorAmong({{}, kNew}), std::nullopt);
}

TEST(Predecessor, AllocatesObjectsOfTheSameSize) {
  Allocating other = kNew;
  other.object_bytes = 1230;  // a fifth, as logarithms
  EXPECT_EQ(PredecessorAmong({kOld, other}), 0U);
  for (const std::int64_t bytes : {1280, 820}) {
    other.object_bytes = bytes;
    EXPECT_EQ(PredecessorAmong({kOld, other}), std::nullopt) << bytes;
  }
}

// 36 samples, which tell the mean size to a sixth: four times that may be chance.
TEST(Predecessor, MayLookOtherwiseWhereFewObjectsWereSampled) {
  const Allocating few_before = {.bytes_per_scrape_before = 6 * kMiB};
  Allocating few = {.bytes_per_scrape_after = 6 * kMiB, .object_bytes = 1900};
  EXPECT_EQ(PredecessorAmong({few_before, few}), 0U);
  few.object_bytes = 2100;
  EXPECT_EQ(PredecessorAmong({few_before, few}), std::nullopt);
}

TEST(Predecessor, IsNotToldByLessThanEightSamples) {
  const auto found = [](std::int64_t before, std::int64_t after) {
    return PredecessorAmong(
        {{.bytes_per_scrape_before = before}, {.bytes_per_scrape_after = after}});
  };
  EXPECT_EQ(found(2 * kMiB, 2 * kMiB), 0U);  // 12
  EXPECT_EQ(found(2 * kMiB, kMiB), std::nullopt);
  EXPECT_EQ(found(kMiB, 2 * kMiB), std::nullopt);
}

// Each object of 4 MiB is sampled once, however many sampling periods it is long.
TEST(Predecessor, IsNotToldBySixObjectsHoweverLarge) {
  const auto found = [](std::int64_t objects_per_scrape) {
    constexpr std::int64_t kBytes = 4 * kMiB;
    const std::int64_t bytes = objects_per_scrape * kBytes;
    return PredecessorAmong({{.bytes_per_scrape_before = bytes, .object_bytes = kBytes},
                             {.bytes_per_scrape_after = bytes, .object_bytes = kBytes}});
  };
  EXPECT_EQ(found(3), 0U);
  EXPECT_EQ(found(2), std::nullopt);
}

TEST(Predecessor, AllocatesAtALikeRateAsTheLoadMayHaveChanged) {
  for (const std::int64_t mib : {1100, 150}) {
    const Allocating other = {.bytes_per_scrape_after = mib * kMiB};
    EXPECT_EQ(PredecessorAmong({kOld, other}), 0U) << mib;
  }
  for (const std::int64_t mib : {1300, 120}) {
    const Allocating other = {.bytes_per_scrape_after = mib * kMiB};
    EXPECT_EQ(PredecessorAmong({kOld, other}), std::nullopt) << mib;
  }
}

TEST(Predecessor, IsToldByItsRateNotByHowLongItRan) {
  Allocating ran_long = kOld;
  ran_long.bytes_before_the_first_scrape = 100'000 * kMiB;
  EXPECT_EQ(PredecessorAmong({ran_long, kNew}), 0U);
}

TEST(Predecessor, IsUnknownWhereObjectsAreNotCounted) {
  SiteWindow window = WindowOf({kOld, kNew});
  auto& objects = window.matrix[static_cast<std::size_t>(Quantity::kAllocObjects)];
  std::fill(objects.begin(), objects.end(), 0);
  EXPECT_EQ(PredecessorIn(window), std::nullopt);
}

TEST(Predecessor, IsTheOneAlikeMost) {
  Allocating near = kOld;
  near.object_bytes = 1100;
  Allocating nearer = kOld;
  nearer.object_bytes = 1050;
  EXPECT_EQ(PredecessorAmong({near, nearer, kNew}), 1U);
  EXPECT_EQ(PredecessorAmong({nearer, near, kNew}), 0U);
  Allocating of_another_rate = kOld;
  of_another_rate.bytes_per_scrape_before = 200 * kMiB;
  EXPECT_EQ(PredecessorAmong({of_another_rate, near, kNew}), 1U);
}

TEST(Predecessor, IsLookedForAfterADeployOnly) {
  SiteWindow restarted = WindowOf({kOld, kNew});
  for (Observation& observation : restarted.observations) observation.build = 0;
  EXPECT_EQ(PredecessorIn(restarted), std::nullopt);
  const SiteWindow window = WindowOf({kOld, kNew});
  EXPECT_EQ(Predecessor(window, 3, SiteId(1U)), std::nullopt);  // still the first life
  EXPECT_EQ(Predecessor(window, 0, SiteId(1U)), std::nullopt);
}

TEST(Predecessor, IsUnknownWhereAllocationsAreNotTold) {
  for (const Quantity q : {Quantity::kAllocSpace, Quantity::kAllocObjects}) {
    SiteWindow window = WindowOf({kOld, kNew});
    window.has[static_cast<std::size_t>(q)] = false;
    window.matrix[static_cast<std::size_t>(q)].clear();
    EXPECT_EQ(PredecessorIn(window), std::nullopt);
  }
}

}  // namespace
}  // namespace heapwatch
