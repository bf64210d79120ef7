#include "analysis/trend/own_load.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "analysis/trend/load.h"

namespace heapwatch {
namespace {

// Samples needed in a bin for the site's own rate to be known within 15 %.
constexpr double kOwnLoadSamplesPerBin = 45;
// Loads at the two ends of a stretch are means over one part in so many.
constexpr std::size_t kLoadParts = 8;
// A rate that is so many times what it was before has jumped.
constexpr double kJump = 2;
// What makes up this share of the level has filled from next to nothing.
constexpr double kFromNothingShare = 0.75;
// A store that follows the load has all of its second half explained by it, a leak that part by
// which the rate rose in it: from seven tenths of that half on it is the load.
constexpr double kHalfWeight = 0.5 / 0.7;

// Bytes per second, as far as the life goes back; 0 where it does not.
double RateBetween(const Timeline& life, std::span<const double> allocated, double from,
                   double to) {
  const std::size_t first = life.index_at(from);
  const std::size_t last = life.index_at(to);
  if (first >= last) return 0;
  return (allocated[last] - allocated[first]) / (life.seconds[last] - life.seconds[first]);
}

// How much of a growth since `start_seconds` a higher rate can explain, `inuse` being the means
// over the bins. What began with a jump of the rate has the rate before it to be compared with.
double ExplainedByLoad(const Timeline& life, const SiteLife& site, const TrendWindow& window,
                       std::span<const double> inuse, double start_seconds) {
  const Bins& bins = window.bins;
  const std::size_t first = bins.first_from(start_seconds);
  if (first + 2 >= bins.size()) return 0;
  const std::size_t n = bins.size();
  const std::size_t width = std::max<std::size_t>(1, (n - first) / kLoadParts);
  double samples = 0;
  double level = 0;
  double turned_over = 0;
  for (const SiteLife::Class& cls : site.classes) {
    const SampleCounts counts = CountSamples(life, cls, start_seconds);
    samples += counts.born;
    level += counts.start;
    turned_over += std::max(0.0, counts.born - std::max(0.0, counts.end - counts.start));
  }
  const bool own_is_known =
      samples * static_cast<double>(width) >= kOwnLoadSamplesPerBin * static_cast<double>(n);
  const std::vector<double> rates = own_is_known ? BinRates(bins, life, site.alloc) : window.load;
  if (rates.empty() || level <= 0) return 0;
  double before = MeanBetween(rates, first, first + width);
  if (own_is_known) {
    const double length = life.seconds.back() - start_seconds;
    const double earlier =
        RateBetween(life, site.alloc, start_seconds - length, start_seconds - length / kLoadParts);
    if (earlier > 0 && before > kJump * earlier) before = earlier;
  }
  const double now = MeanBetween(rates, n - width, n);
  if (before <= 0 || now <= before) return 0;
  const double moving = std::min(1.0, turned_over / level);
  return moving * MeanBetween(inuse, first, first + width) * (now / before - 1);
}

// Of what was gained in the second half of a growth that filled from next to nothing: at its start
// there was no level that the load could have raised, halfway there is. Objects that live for W on
// average follow the load of the last 2 W.
double ShareOfLoadSinceHalf(const Timeline& life, const SiteLife& site, const Growth& growth) {
  const double now = life.seconds.back();
  const double half = (growth.start_seconds + now) / 2;
  const double part = (now - half) / kLoadParts;
  double samples = 0;
  for (const SiteLife::Class& cls : site.classes) samples += CountSamples(life, cls, half).born;
  const double rate = RateBetween(life, site.alloc, half - part, half);
  if (samples < kOwnLoadSamplesPerBin * kLoadParts || rate <= 0) return 0;
  const auto level_at = [&](double second) {
    const std::size_t last = life.index_at(second);
    return MeanBetween(site.inuse, life.index_at(second - part), last + 1);
  };
  const double level = level_at(half);
  const double gained = level_at(now) - level;
  const double back = std::max(part, 2 * level / rate);
  const double before = RateBetween(life, site.alloc, half - back, half);
  const double after = RateBetween(life, site.alloc, now - back, now);
  if (gained <= 0 || before <= 0) return 0;
  return level * (after / before - 1) / gained;
}

}  // namespace

bool TakeOwnLoad(const Timeline& life, const SiteLife& site, const TrendWindow& window,
                 std::optional<TrendWindow>& own) {
  if (site.alloc.empty()) return false;
  double samples = 0;
  for (const SiteLife::Class& cls : site.classes)
    samples += cls.BornSince(window.bins.begin.front());
  if (samples < kOwnLoadSamplesPerBin * static_cast<double>(window.bins.size())) return false;
  const std::vector<std::vector<double>> rates = {BinRates(window.bins, life, site.alloc)};
  std::vector<double> load = LoadIndex(rates);
  if (load.empty() || !window.courses.has_load()) {
    own = MakeTrendWindow(window.bins, std::move(load));
    return true;
  }
  if (!own || !own->courses.has_load()) own = window;
  own->work = WorkSeconds(window.bins, load);
  own->load = std::move(load);
  own->courses.SetLoad(own->load, own->work);
  return true;
}

double ShareOfLoad(const Timeline& life, const SiteLife& site, std::span<const double> sums,
                   const TrendWindow& window, const Growth& growth) {
  if (site.alloc.empty() || growth.growth_bytes <= 0) return 0;
  const std::vector<double> inuse = BinMeans(window.bins, sums);
  const double share =
      ExplainedByLoad(life, site, window, inuse, growth.start_seconds) / growth.growth_bytes;
  if (growth.growth_bytes < kFromNothingShare * inuse.back()) return share;
  return std::max(share, kHalfWeight * ShareOfLoadSinceHalf(life, site, growth));
}

}  // namespace heapwatch
