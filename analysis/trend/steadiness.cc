#include "analysis/trend/steadiness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace heapwatch {
namespace {

// Levels are means over this share of the stretch, at least one bin.
constexpr double kLevelShare = 0.06;
constexpr double kFairShare = 0.5;
constexpr double kFairShareOfLast = 0.6;
constexpr double kNextToNothing = 0.2;
// Three levels are in order by chance once in six times, and then not by much.
constexpr std::size_t kMinTroughs = 3;

// In a gap the level lies on the line between those around it.
double MeanAround(std::span<const double> clock, std::span<const double> level, double low,
                  double high) {
  double sum = 0;
  double count = 0;
  const double middle = (low + high) / 2;
  std::size_t before = 0;
  for (std::size_t k = 0; k < clock.size(); ++k) {
    if (clock[k] <= middle) before = k;
    if (clock[k] < low || clock[k] > high) continue;
    sum += level[k];
    ++count;
  }
  if (count > 0) return sum / count;
  const double share = (middle - clock[before]) / (clock[before + 1] - clock[before]);
  return std::lerp(level[before], level[before + 1], share);
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
  for (const double value : level) {
    peak = std::max(peak, value);
    if (peak - value >= fall) base = peak;
  }
  return level.back() - base;
}

double RiseOfTroughs(std::span<const double> level, double swing) {
  if (level.empty() || swing <= 0) return 0;
  std::size_t troughs = 0;
  double last_trough = level[0];
  bool falling = false;
  double extreme =
      level[0];  // the highest since the last trough, or the lowest since the last peak
  for (const double value : level) {
    if (falling ? value < extreme : value > extreme) {
      extreme = value;
    } else if (!falling && extreme - value >= swing) {
      falling = true;
      extreme = value;
    } else if (falling && value - extreme >= swing) {
      if (extreme <= last_trough) return 0;
      last_trough = extreme;
      ++troughs;
      falling = false;
      extreme = value;
    }
  }
  return troughs >= kMinTroughs ? last_trough - level[0] : 0;
}

}  // namespace heapwatch
