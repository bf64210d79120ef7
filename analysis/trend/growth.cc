#include "analysis/trend/growth.h"

#include <algorithm>
#include <cmath>

namespace heapwatch {
namespace {

// Two courses whose BIC differs by less fit about as well (Raftery 1995: below 2 is "not worth more
// than a bare mention", 2 to 6 is "positive").
constexpr double kDecisiveBic = 3;
// The share of a window at its ends over which a level is averaged.
constexpr double kEndShare = 0.06;

std::size_t IndexAt(const Timeline& life, double seconds) {
  const auto found = std::lower_bound(life.seconds.begin(), life.seconds.end(), seconds);
  return std::min(static_cast<std::size_t>(found - life.seconds.begin()), life.size() - 1);
}

double MeanOf(std::span<const double> values, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += values[i];
  return to > from ? sum / static_cast<double>(to - from) : 0;
}

std::size_t EndWidth(std::size_t n) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(kEndShare * static_cast<double>(n)));
}

// The highest level before `index`, means over as many observations as the present level is taken
// over.
double EarlierPeak(std::span<const double> inuse, std::size_t index, std::size_t width) {
  double peak = 0;
  for (std::size_t i = 0; i + width <= index; i += std::max<std::size_t>(1, width / 2)) {
    peak = std::max(peak, MeanOf(inuse, i, i + width));
  }
  return peak;
}

}  // namespace

SampleCounts CountSamples(const Timeline& life, const SiteLife::Class& cls, double start_seconds) {
  const std::size_t first = IndexAt(life, start_seconds);
  const std::size_t n = life.size();
  const std::size_t width = EndWidth(n - first);
  SampleCounts counts{.start = MeanOf(cls.live, first, first + width),
                      .end = MeanOf(cls.live, n - width, n)};
  // Without allocations only the net change is known to have been born.
  counts.born = cls.born.empty() ? std::max(0.0, counts.end - counts.start)
                                 : cls.born[n - 1] - cls.born[first];
  return counts;
}

std::optional<Growth> MeasureGrowth(const Timeline& life, const SiteLife& site,
                                    const TrendWindow& window) {
  const std::vector<double> inuse = BinMeans(window.bins, site.inuse);
  double floor = 1;
  for (const SiteLife::Class& cls : site.classes) floor += 0.01 * cls.unit.variance;
  const auto shape = CompareCourses({.seconds = window.bins.seconds,
                                     .inuse = inuse,
                                     .load = window.load,
                                     .work = window.work,
                                     .variance_floor = floor});
  if (!shape) return std::nullopt;
  Growth out{.shape = *shape};
  const CourseFit& best = shape->best;
  const double now = life.seconds.back();
  out.start_seconds = std::max(window.bins.start_seconds, now - best.last_piece_seconds);
  out.growth_bytes = best.end_slope * (now - out.start_seconds);
  out.fit_z = best.end_slope_error > 0 ? best.end_slope / best.end_slope_error : 0;

  double variance = 0;
  for (const SiteLife::Class& cls : site.classes) {
    variance += TrendVariance(cls.unit, CountSamples(life, cls, out.start_seconds));
  }
  out.standard_error = std::sqrt(variance);
  out.z = variance > 0 ? out.growth_bytes / out.standard_error : 0;

  const std::size_t first = IndexAt(life, out.start_seconds);
  const std::size_t n = life.size();
  const std::size_t width = EndWidth(n - first);
  const double level = MeanOf(site.inuse, n - width, n);
  out.above_earlier_peak_bytes = level - EarlierPeak(site.inuse, first, width);
  const double phi = best.walk_share;
  out.effective_n = static_cast<double>(window.bins.size()) * (1 - phi) / (1 + phi);

  const double before = MeanOf(site.inuse, first, std::min(n, first + width)) -
                        MeanOf(site.inuse, 0, std::max<std::size_t>(1, std::min(first, width)));
  out.began_mid_life =
      first > 0 && out.start_seconds > 0.15 * now && before < 0.25 * out.growth_bytes;
  out.levels_off = best.end_slope <= 0.5 * shape->line.end_slope || best.end_slope <= 0;
  out.unresolved = shape->bic_flat - shape->bic_going_on < kDecisiveBic;
  return out;
}

}  // namespace heapwatch
