// The value in the middle; of an even number of values the upper of the two. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace heapwatch {

// Half of the values of a normal distribution lie within so many standard deviations of its middle.
inline constexpr double kMedianDeviationOfNormal = 0.6745;

// Puts `values` into another order; 0 where there are none.
inline double Median(std::vector<double>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace heapwatch
