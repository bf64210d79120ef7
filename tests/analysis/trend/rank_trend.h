// The trend tests by ranks that others judge heaps with, for the baselines of tests/bench: Mann and
// Kendall's S with its variance for independent values with ties (Kendall, Rank correlation
// methods, 1975) and Theil and Sen's slope, the median of the slopes of all pairs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace heapwatch::testing {

struct MannKendall {
  double s = 0;
  double variance = 0;
  double z = 0;  // with the correction for continuity
};

inline MannKendall RankTrend(std::span<const double> y) {
  MannKendall out;
  std::map<double, double> ties;
  for (std::size_t i = 0; i < y.size(); ++i) {
    ++ties[y[i]];
    for (std::size_t j = i + 1; j < y.size(); ++j)
      out.s += y[j] > y[i] ? 1 : (y[j] < y[i] ? -1 : 0);
  }
  const auto of = [](double n) { return n * (n - 1) * (2 * n + 5) / 18; };
  out.variance = of(static_cast<double>(y.size()));
  for (const auto& [value, count] : ties) out.variance -= of(count);
  if (out.s != 0 && out.variance > 0)
    out.z = (out.s - std::copysign(1.0, out.s)) / std::sqrt(out.variance);
  return out;
}

inline double TheilSenSlope(std::span<const double> x, std::span<const double> y) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = i + 1; j < y.size(); ++j) {
      if (x[j] > x[i]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
    }
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  if (slopes.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(slopes.begin(), middle)) / 2;
}

}  // namespace heapwatch::testing
