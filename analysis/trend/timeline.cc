#include "analysis/trend/timeline.h"

#include <algorithm>
#include <optional>
#include <span>

#include "analysis/trend/median.h"

namespace heapwatch {
namespace {

// Jitter and a missed scrape or two lie well within these multiples of the usual spacing.
constexpr double kShortStep = 0.25;
constexpr double kLongStep = 4;
// A gap in which less than this share of the expected bytes was allocated was no gap.
constexpr double kIdleShare = 0.3;
constexpr std::size_t kRateSteps = 8;

bool Comparable(const Observation& a, const Observation& b) {
  return SameLife(a, b) && a.sampling_period_bytes == b.sampling_period_bytes;
}

bool IsUsual(double step, double spacing) {
  return spacing > 0 && step >= kShortStep * spacing && step <= kLongStep * spacing;
}

// The median of those of `steps` that go forward; 0 where there are none.
double UsualOf(std::span<const double> steps) {
  std::vector<double> forward;
  for (const double step : steps) {
    if (step > 0) forward.push_back(step);
  }
  return Median(forward);
}

// What is usual where step i is: of the whole life, or, as how often is scraped may change, of the
// three steps before it or the three after it, if that is what it fits.
double UsualAround(std::span<const double> steps, std::size_t i, double of_life) {
  if (IsUsual(steps[i], of_life)) return of_life;
  constexpr std::size_t kAround = 3;
  const std::size_t first = i - std::min(i, kAround);
  const double before = UsualOf(steps.subspan(first, i - first));
  const double after = UsualOf(steps.subspan(i + 1, std::min(kAround, steps.size() - i - 1)));
  if (IsUsual(steps[i], after)) return after;
  return before > 0 ? before : of_life;
}

// What a long step was worth, from the bytes allocated in it at the rate of the steps before it.
double LongStepSeconds(const SiteWindow& window, std::size_t first, std::size_t i, double step,
                       double seconds_before, double spacing) {
  const auto allocated = AllocatedBetween(window, i - 1, i);
  const auto before = AllocatedBetween(window, first, i - 1);
  if (!allocated || !before || *before <= 0 || seconds_before <= 0) return step;
  const double expected = *before / seconds_before * step;
  if (*allocated >= kIdleShare * expected) return step;
  return std::clamp(step * *allocated / expected, spacing, step);
}

}  // namespace

std::size_t Timeline::index_at(double second) const {
  const auto found = std::lower_bound(seconds.begin(), seconds.end(), second);
  return std::min(static_cast<std::size_t>(found - seconds.begin()), size() - 1);
}

bool SameLife(const Observation& a, const Observation& b) {
  return a.lifetime == b.lifetime && a.build == b.build;
}

std::optional<double> AllocatedBetween(const SiteWindow& window, std::size_t from, std::size_t to) {
  if (!window.has[static_cast<std::size_t>(Quantity::kAllocSpace)]) return std::nullopt;
  double bytes = 0;
  for (std::size_t row = 0; row < window.rows.size(); ++row) {
    const auto series = window.series(Quantity::kAllocSpace, row);
    bytes += static_cast<double>(series[to]) - static_cast<double>(series[from]);
  }
  return bytes;
}

Timeline CurrentLife(const SiteWindow& window, std::size_t end) {
  Timeline life;
  if (end == 0) return life;
  const auto& observations = window.observations;
  std::size_t first = end - 1;
  while (first > 0 && Comparable(observations[first - 1], observations[end - 1])) --first;
  life.first_column = first;

  std::vector<double> steps;  // from each observation to the next
  for (std::size_t i = first + 1; i < end; ++i)
    steps.push_back(Seconds(observations[i].time - observations[i - 1].time));
  life.spacing_seconds = UsualOf(steps);

  double seconds = 0;
  std::vector<double> at(end - first, 0.0);
  for (std::size_t i = first; i < end; ++i) {
    if (i > first) {
      double step = steps[i - 1 - first];
      const double spacing = UsualAround(steps, i - 1 - first, life.spacing_seconds);
      if (step < kShortStep * spacing) {
        step = spacing;
      } else if (step > kLongStep * spacing) {
        const std::size_t back = std::max(first, i - 1 - std::min(i - 1 - first, kRateSteps));
        step = LongStepSeconds(window, back, i, step, seconds - at[back - first], spacing);
      }
      seconds += step;
    }
    at[i - first] = seconds;
    if (i == first || observations[i].is_new) {
      life.columns.push_back(static_cast<std::uint32_t>(i));
      life.seconds.push_back(seconds);
    }
  }
  life.watched_seconds = seconds;
  return life;
}

}  // namespace heapwatch
