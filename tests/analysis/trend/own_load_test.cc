#include "analysis/trend/own_load.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

namespace heapwatch {
namespace {

constexpr std::size_t kMinutes = 64;

using AtMinute = std::function<double(std::size_t)>;

// One site, looked at once a minute: what is live at the end of each and what is allocated in it.
class Store {
 public:
  Store(const AtMinute& live, const AtMinute& allocated, double sample_bytes = 1e-3) {
    double total = 0;
    for (std::size_t i = 0; i < kMinutes; ++i) {
      life_.columns.push_back(static_cast<std::uint32_t>(i));
      life_.seconds.push_back(60 * static_cast<double>(i));
      inuse_.push_back(live(i));
      alloc_.push_back(total += allocated(i));
    }
    site_.inuse = inuse_;
    site_.alloc = alloc_;
    site_.classes = {{.unit = {.bytes = sample_bytes, .variance = sample_bytes * sample_bytes},
                      .inuse = inuse_,
                      .alloc = alloc_}};
  }

  double Share(double growth_bytes, std::size_t since_minute = 0,
               const AtMinute& load_of_process = {}) const {
    Bins bins = MakeBins(life_, 0, kMinutes);
    std::vector<double> load;
    for (std::size_t i = 0; load_of_process && i < kMinutes; ++i)
      load.push_back(load_of_process(i));
    const TrendWindow window = MakeTrendWindow(std::move(bins), std::move(load));
    Growth growth;
    growth.start_seconds = 60 * static_cast<double>(since_minute);
    growth.growth_bytes = growth_bytes;
    return ShareOfLoad(life_, site_, CumulativeSums(inuse_), window, growth);
  }

  const Timeline& life() const { return life_; }
  const SiteLife& site() const { return site_; }

 private:
  Timeline life_;
  std::vector<double> inuse_;
  std::vector<double> alloc_;
  SiteLife site_;
};

AtMinute Always(double value) {
  return [=](std::size_t) { return value; };
}
// As much until the minute `at` as `before`, then `after`.
AtMinute Steps(std::size_t at, double before, double after) {
  return [=](std::size_t i) { return i < at ? before : after; };
}
// 100 bytes for half an hour, 180 from then on.
const AtMinute kGrows = Steps(32, 100, 180);

TEST(ShareOfLoad, IsTheLevelTimesTheRiseOfTheRateOverTheGrowth) {
  EXPECT_DOUBLE_EQ(Store(kGrows, Steps(32, 10, 14)).Share(80), 100 * 0.4 / 80);
  EXPECT_EQ(Store(kGrows, Always(10)).Share(80), 0);
  EXPECT_EQ(Store(kGrows, Steps(32, 10, 9)).Share(80), 0);
  EXPECT_EQ(Store(kGrows, Steps(32, 10, 14)).Share(-80), 0);
}

// 118 bytes are allocated and 80 of them stay: 38 of the 100 that were there have been replaced.
TEST(ShareOfLoad, IsOfWhatTurnsOverOnly) {
  EXPECT_NEAR(Store(kGrows, Steps(32, 1, 2.75)).Share(80), 0.39 * 100 * 1.75 / 80, 0.01);
}

TEST(ShareOfLoad, IsByTheLoadOfTheProcessWhereTheSiteIsSampledTooLittle) {
  // 768 bytes in all; 45 samples in each of 8 bins take 360.
  const auto share = [](double sample_bytes, const AtMinute& load) {
    return Store(kGrows, Always(12), sample_bytes).Share(80, 0, load);
  };
  EXPECT_DOUBLE_EQ(share(5, Steps(32, 1, 1.2)), 100 * 0.2 / 80);
  EXPECT_EQ(share(5, {}), 0);
  EXPECT_EQ(share(1, Steps(32, 1, 1.2)), 0);
}

// From minute 32 on it grows; five times the rate has come in since minute 30.
TEST(ShareOfLoad, ComparesWithTheRateBeforeAJumpThatBroughtTheGrowth) {
  EXPECT_DOUBLE_EQ(Store(kGrows, Steps(30, 100, 500)).Share(80, 32), 180.0 * 4 / 80);
  // Twice as much is no jump.
  EXPECT_EQ(Store(kGrows, Steps(30, 100, 190)).Share(80, 32), 0);
  EXPECT_EQ(Store(kGrows, Steps(30, 0, 500)).Share(80, 32), 0);
}

// From nothing to 100 in the first half and to 150 in the second, in which half as much again is
// allocated: the load has all of what was gained. Of a leak it has what it rose by.
TEST(ShareOfLoad, OfWhatFilledFromNothingIsAskedOfItsSecondHalf) {
  const AtMinute fills = [](std::size_t i) {
    const double t = static_cast<double>(i) / (kMinutes - 1);
    return t < 0.5 ? 200 * t : 100 + 100 * (t - 0.5);
  };
  EXPECT_NEAR(Store(fills, Steps(34, 100, 150)).Share(150), 0.5 / 0.7, 0.08);
  EXPECT_NEAR(Store(fills, Steps(34, 100, 120)).Share(150), 0.4 * 0.5 / 0.7, 0.05);
  EXPECT_EQ(Store(fills, Always(100)).Share(150), 0);
  // Not asked where three quarters or less are new.
  EXPECT_LT(Store(fills, Steps(34, 100, 150)).Share(110), 0.2);
  // Objects that live for half an hour follow the load of the last hour, which rose by an eighth.
  EXPECT_NEAR(Store(fills, Steps(56, 3, 6)).Share(150), 0.125 * 100 / 50 * 0.5 / 0.7, 0.03);
}

TEST(ShareOfLoad, IsNoneWhereAllocationsAreNotTold) {
  const Store store(kGrows, Steps(32, 10, 14));
  SiteLife site;
  site.inuse = store.site().inuse;
  const TrendWindow window = MakeTrendWindow(MakeBins(store.life(), 0, kMinutes), {});
  Growth growth;
  growth.growth_bytes = 150;
  EXPECT_EQ(ShareOfLoad(store.life(), site, CumulativeSums(site.inuse), window, growth), 0);
}

TEST(TakeOwnLoad, IsTheRateOfASiteThatIsSampledWellEnough) {
  const Store busy(kGrows, Steps(32, 60, 120));
  const TrendWindow window = MakeTrendWindow(MakeBins(busy.life(), 0, kMinutes), {});
  std::optional<TrendWindow> own;
  ASSERT_TRUE(TakeOwnLoad(busy.life(), busy.site(), window, own));
  ASSERT_EQ(own->load.size(), kMinutes);
  EXPECT_NEAR(own->load.front(), 2.0 / 3, 0.02);
  EXPECT_NEAR(own->load.back(), 4.0 / 3, 0.02);
  EXPECT_TRUE(own->courses.has_load());
  EXPECT_FALSE(TakeOwnLoad(busy.life(), Store(kGrows, Steps(32, 60, 120), 3).site(), window, own));
}

// The work that a window of another site has left is used again, its figures are not.
TEST(TakeOwnLoad, IsTheSameInAWindowThatAnotherSiteHasUsed) {
  const Store one(kGrows, Steps(32, 60, 120));
  const Store other(kGrows, Steps(20, 90, 60));
  const TrendWindow window =
      MakeTrendWindow(MakeBins(one.life(), 0, kMinutes), std::vector<double>(kMinutes, 1.0));
  std::optional<TrendWindow> fresh;
  std::optional<TrendWindow> used;
  ASSERT_TRUE(TakeOwnLoad(other.life(), other.site(), window, used));
  ASSERT_TRUE(TakeOwnLoad(one.life(), one.site(), window, used));
  ASSERT_TRUE(TakeOwnLoad(one.life(), one.site(), window, fresh));
  EXPECT_EQ(used->load, fresh->load);
  EXPECT_EQ(used->work, fresh->work);
  const auto compared = [&](const TrendWindow& with) {
    return with.courses.Compare(one.site().inuse, 1, 0)->best.bic;
  };
  EXPECT_EQ(compared(*used), compared(*fresh));
}

}  // namespace
}  // namespace heapwatch
