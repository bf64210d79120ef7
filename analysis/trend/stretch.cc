#include "analysis/trend/stretch.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "analysis/trend/growth.h"
#include "analysis/trend/noise.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMinObservations = 8;
// Levels are means over this share of the stretch.
constexpr double kLevelShare = 0.06;

// The slope of an ordinary least-squares line.
double LineSlope(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 0 ? xy / xx : 0;
}

// The mean level of the observations within `low` and `high` seconds, or of the one next after.
double LevelBetween(std::span<const double> seconds, std::span<const double> values, double low,
                    double high) {
  const auto begin = std::lower_bound(seconds.begin(), seconds.end(), low);
  auto i = std::min(static_cast<std::size_t>(begin - seconds.begin()), values.size() - 1);
  double sum = values[i];
  double count = 1;
  for (++i; i < values.size() && seconds[i] <= high; ++i) {
    sum += values[i];
    ++count;
  }
  return sum / count;
}

std::size_t IndexAt(std::span<const double> seconds, double at) {
  const auto found = std::lower_bound(seconds.begin(), seconds.end(), at);
  return std::min(static_cast<std::size_t>(found - seconds.begin()), seconds.size() - 1);
}

double SamplingVariance(const Timeline& life, const SiteLife& site, double start_seconds) {
  double variance = 0;
  for (const SiteLife::Class& cls : site.classes) {
    variance += TrendVariance(cls.unit, CountSamples(life, cls, start_seconds));
  }
  return variance;
}

}  // namespace

std::optional<Stretch> MeasureStretch(const Timeline& life, const SiteLife& site,
                                      std::size_t first) {
  if (first + kMinObservations > life.size()) return std::nullopt;
  const auto seconds = std::span(life.seconds).subspan(first);
  const auto inuse = std::span(site.inuse).subspan(first);
  const double start = seconds.front();
  const double length = seconds.back() - start;
  if (length <= 0) return std::nullopt;
  Stretch out;
  out.seconds = length;
  out.spacing_seconds = life.spacing_seconds;
  out.growth_bytes = LineSlope(seconds, inuse) * length;
  out.variance = SamplingVariance(life, site, start);
  const double width = kLevelShare * length;
  std::array<double, 4> knots = {};
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const double middle = start + width / 2 + (length - width) * static_cast<double>(i) / 3;
    knots[i] = LevelBetween(seconds, inuse, middle - width / 2, middle + width / 2);
  }
  out.start_bytes = knots[0];
  for (std::size_t i = 0; i < 3; ++i) out.third_bytes[i] = knots[i + 1] - knots[i];
  out.last_third_variance = SamplingVariance(life, site, start + length * 2 / 3);
  if (site.alloc.empty()) return out;
  const auto alloc = std::span(site.alloc).subspan(first);
  out.alloc_bytes.emplace();
  for (std::size_t i = 0; i < 4; ++i) {
    const double from = start + length * static_cast<double>(i) / 4;
    const double to = start + length * static_cast<double>(i + 1) / 4;
    (*out.alloc_bytes)[i] = alloc[IndexAt(seconds, to)] - alloc[IndexAt(seconds, from)];
  }
  for (const SiteLife::Class& cls : site.classes) {
    out.alloc_samples += cls.born.back() - cls.born[first];
  }
  return out;
}

}  // namespace heapwatch
