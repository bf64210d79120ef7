#include "analysis/trend/standstill.h"

#include <algorithm>
#include <cmath>

#include "analysis/trend/site_life.h"
#include "analysis/trend/stretch.h"

namespace heapwatch {
namespace {

// Each stretch looked at is longer than the one before by this factor.
constexpr double kLonger = 1.5;
// Next to nothing of what is promised; and what is less than half the pace for sure is none of a
// leak any more.
constexpr double kNothingShare = 0.25;
constexpr double kHalfPace = 0.5;
constexpr double kSureZ = 2;

// Seconds at the pace of before that the work since observation `first` comes to.
double SecondsAtPace(const SiteWindow& window, const Timeline& life, std::size_t first,
                     const LeakPace& pace) {
  const double seconds = life.seconds.back() - life.seconds[first];
  const auto allocated = AllocatedBetween(window, life.columns[first], life.columns.back());
  if (pace.work_bytes_per_second <= 0 || !allocated) return seconds;
  return std::min(seconds, *allocated / pace.work_bytes_per_second);
}

}  // namespace

double WorkSince(const SiteWindow& window, const Timeline& life, Time from) {
  if (life.size() == 0) return 0;
  std::size_t first = life.size() - 1;
  while (first > 0 && window.observations[life.columns[first - 1]].time >= from) --first;
  const double seconds = life.seconds.back() - life.seconds[first];
  const auto allocated = AllocatedBetween(window, life.columns[first], life.columns.back());
  return allocated && seconds > 0 ? *allocated / seconds : 0;
}

bool IsAtStandstill(const SiteWindow& window, const Timeline& life, SiteId id, const LeakPace& pace,
                    double least_seconds, double period_bytes, const TrendOptions& options) {
  if (life.size() == 0) return false;
  const SiteLife site = MakeSiteLife(window, life, id, period_bytes);
  const double now = life.seconds.back();
  for (double seconds = least_seconds; seconds < now; seconds *= kLonger) {
    const std::size_t first = life.index_at(now - seconds);
    if (window.observations[life.columns[first]].time < pace.seen) return false;
    const double promised = SecondsAtPace(window, life, first, pace) * pace.slope_bytes_per_second;
    if (promised < options.min_growth_bytes) continue;
    const auto stretch = StretchMeter(life, first).Measure(life, site);
    if (stretch && std::fabs(stretch->growth_bytes) < kNothingShare * promised &&
        stretch->growth_bytes + kSureZ * std::sqrt(stretch->variance) < kHalfPace * promised) {
      return true;
    }
  }
  return false;
}

}  // namespace heapwatch
