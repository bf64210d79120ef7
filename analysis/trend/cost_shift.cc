#include "analysis/trend/cost_shift.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/trend/noise.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {
namespace {

// Sizes as logarithms: within a fifth, or four standard errors where few objects were sampled.
constexpr double kSameSize = 0.2;
constexpr double kStandardErrors = 4;
// The sizes at one site spread by about a factor of e.
constexpr double kSpreadOfSizes = 1;
constexpr double kSameRateFactor = 3;
constexpr double kMinSamples = 8;

// Observations [first, end).
struct Stay {
  std::size_t first = 0;
  std::size_t end = 0;
};

Stay StayThatEndsAt(const SiteWindow& window, std::size_t end) {
  Stay stay{.first = end - 1, .end = end};
  const auto& observations = window.observations;
  while (stay.first > 0 && SameLife(observations[stay.first - 1], observations[end - 1]))
    --stay.first;
  return stay;
}

struct Allocations {
  double bytes = 0;  // since the process' start
  double objects = 0;
  double bytes_per_second = 0;
};

double Total(const SiteWindow& window, Quantity quantity, SiteId site, std::size_t column) {
  double sum = 0;
  for (std::size_t row = window.first_row[site.index()]; row < window.first_row[site.index() + 1];
       ++row) {
    sum += static_cast<double>(window.series(quantity, row)[column]);
  }
  return sum;
}

Allocations AllocationsIn(const SiteWindow& window, SiteId site, const Stay& stay) {
  Allocations out;
  out.bytes = Total(window, Quantity::kAllocSpace, site, stay.end - 1);
  out.objects = Total(window, Quantity::kAllocObjects, site, stay.end - 1);
  const double since = out.bytes - Total(window, Quantity::kAllocSpace, site, stay.first);
  const double seconds =
      Seconds(window.observations[stay.end - 1].time - window.observations[stay.first].time);
  if (seconds > 0) out.bytes_per_second = since / seconds;
  return out;
}

double SamplesOf(const Allocations& allocations, double period_bytes) {
  if (allocations.objects <= 0) return 0;
  return allocations.objects *
         SamplingProbability(allocations.bytes / allocations.objects, period_bytes);
}

// How unlike two sites allocate, 0 being the same; nullopt for what cannot be one site.
std::optional<double> Distance(const Allocations& before, const Allocations& now,
                               double period_bytes) {
  const double few = std::min(SamplesOf(before, period_bytes), SamplesOf(now, period_bytes));
  if (few < kMinSamples) return std::nullopt;
  const double rate = std::fabs(std::log(now.bytes_per_second / before.bytes_per_second));
  if (!(rate < std::log(kSameRateFactor))) return std::nullopt;
  const double size =
      std::fabs(std::log((now.bytes / now.objects) / (before.bytes / before.objects)));
  const double error = kStandardErrors * kSpreadOfSizes / std::sqrt(few);
  if (!(size <= std::max(kSameSize, error))) return std::nullopt;  // objects may not be told
  return size + rate;
}

}  // namespace

std::optional<SiteId> Predecessor(const SiteWindow& window, std::size_t end, SiteId site) {
  if (end == 0 || !window.has[static_cast<std::size_t>(Quantity::kAllocSpace)] ||
      !window.has[static_cast<std::size_t>(Quantity::kAllocObjects)]) {
    return std::nullopt;
  }
  const Stay now = StayThatEndsAt(window, end);
  if (now.first == 0) return std::nullopt;
  const Stay before = StayThatEndsAt(window, now.first);
  if (window.observations[now.first].build == window.observations[before.first].build)
    return std::nullopt;
  if (Total(window, Quantity::kAllocSpace, site, before.end - 1) > 0) return std::nullopt;
  const Allocations own = AllocationsIn(window, site, now);
  const auto period = static_cast<double>(window.observations[end - 1].sampling_period_bytes);
  std::optional<SiteId> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < window.sites.size(); ++s) {
    const SiteId other(s);
    if (Total(window, Quantity::kAllocSpace, other, end - 1) > 0) continue;
    const Allocations then = AllocationsIn(window, other, before);
    const auto distance = Distance(then, own, period);
    if (distance && *distance < least) {
      least = *distance;
      best = other;
    }
  }
  return best;
}

}  // namespace heapwatch
