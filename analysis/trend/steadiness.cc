#include "analysis/trend/steadiness.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace heapwatch {
namespace {

// Levels are means over this share of the stretch, at least one bin.
constexpr double kLevelShare = 0.06;
constexpr double kFairShare = 0.5;
constexpr double kFairShareOfLast = 0.6;
constexpr double kNextToNothing = 0.2;

double MeanAround(std::span<const double> clock, std::span<const double> level, double low,
                  double high) {
  double sum = 0;
  double count = 0;
  std::size_t nearest = 0;
  for (std::size_t k = 0; k < clock.size(); ++k) {
    if (clock[k] <= (low + high) / 2) nearest = k;
    if (clock[k] < low || clock[k] > high) continue;
    sum += level[k];
    ++count;
  }
  return count > 0 ? sum / count : level[nearest];
}

}  // namespace

bool GrowsInEveryThird(std::span<const double> clock, std::span<const double> level, double from,
                       double growth, double slack) {
  if (clock.empty() || growth <= 0) return false;
  const double end = clock.back();
  const double length = end - from;
  const double width = kLevelShare * length;
  const std::array<double, 4> levels = {
      MeanAround(clock, level, from, from + width),
      MeanAround(clock, level, from + length / 3 - width / 2, from + length / 3 + width / 2),
      MeanAround(clock, level, from + 2 * length / 3 - width / 2,
                 from + 2 * length / 3 + width / 2),
      MeanAround(clock, level, end - width, end)};
  const double third = growth / 3;
  for (std::size_t i = 0; i < 3; ++i) {
    const double grown = levels[i + 1] - levels[i];
    const double fair = (i == 2 ? kFairShareOfLast : kFairShare) * third;
    if (grown < kNextToNothing * third || grown + slack < fair) return false;
  }
  return true;
}

double RiseSinceGiveBack(std::span<const double> level, double fall) {
  if (level.empty()) return 0;
  double base = level[0];
  double peak = level[0];
  double trough = level[0];
  for (const double value : level) {
    if (value > peak) {
      peak = trough = value;
    }
    trough = std::min(trough, value);
    if (peak - trough >= fall) base = std::max(base, peak);
  }
  return level.back() - base;
}

}  // namespace heapwatch
