// Least squares for a series whose noise is part white, part random walk.
//
// A heap series strays from its course in two ways: short-lived objects come and go (white noise at
// the scale of a bin), and objects that stay arrive at random (a random walk). Ordinary least
// squares takes the second for a trend. Here
//   y(t) = m(t) + w(t) + e(t),  var e = (1 - share) s^2,  var of w's step over dt = share s^2 dt /
//   (mean dt),
// so the errors of neighbouring values are correlated. A Kalman filter for the local level w turns
// y and every column of the design into independent innovations (generalised least squares by
// whitening: Harvey, Forecasting, structural time series models and the Kalman filter, 1989,
// section 3.4). The level starts diffuse, so a constant needs no column of its own. `share` is not
// known: each model takes the most likely of a fixed ladder of values, s^2 is profiled out.
//
// Pure; times in seconds, ascending.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace heapwatch {

// The ladder of random-walk shares tried, from pure white noise to nearly pure random walk.
inline constexpr std::array<double, 7> kWalkShares = {0, 0.003, 0.02, 0.08, 0.25, 0.6, 0.97};

// Turns columns into innovations for one share.
class Whitener {
 public:
  Whitener(std::span<const double> seconds, double walk_share);

  // seconds.size() - 1 values.
  std::vector<double> Apply(std::span<const double> column) const;
  double log_determinant() const { return log_determinant_; }

 private:
  std::vector<double> gain_;
  std::vector<double> weight_;  // 1 / standard deviation of the innovation, in units of s
  double log_determinant_ = 0;
};

inline constexpr std::size_t kMaxColumns = 3;

// The part of a least-squares fit that does not depend on the series: (X'X)^-1 of the chosen
// whitened columns.
struct NormalEquations {
  bool valid = false;  // false where the columns are collinear
  std::size_t count = 0;
  std::array<std::size_t, kMaxColumns> x = {};  // which columns
  std::array<std::array<double, kMaxColumns>, kMaxColumns> inverse = {};
};

// `product(i, j)` is the inner product of whitened columns i and j.
template <class Product>
NormalEquations MakeNormalEquations(std::span<const std::size_t> x, Product product);

// The sum of squares a fit leaves over: of a whitened series whose inner product with itself is
// `square`, and with whitened column i `moments[i]`.
inline double SquaresLeft(const NormalEquations& equations, const double* moments, double square) {
  // Written out for three columns: what is not used is zero in the inverse. This is the innermost
  // step of the analysis.
  const auto& inverse = equations.inverse;
  const double a = moments[equations.x[0]];
  const double b = moments[equations.x[1]];
  const double c = moments[equations.x[2]];
  const double explained = a * (inverse[0][0] * a + 2 * (inverse[0][1] * b + inverse[0][2] * c)) +
                           b * (inverse[1][1] * b + 2 * inverse[1][2] * c) + c * inverse[2][2] * c;
  return std::max(0.0, square - explained);
}

struct Fit {
  double log_likelihood = 0;
  double residual_variance = 0;  // s^2
  std::array<double, kMaxColumns> coefficient = {};
};

// Fits a whitened series of `rows` values: `moments[i]` is its inner product with whitened column
// i, `square` that with itself. `variance_floor` keeps a series without any noise from claiming
// infinite precision.
Fit Solve(const NormalEquations& equations, std::span<const double> moments, double square,
          std::size_t rows, double log_determinant, double variance_floor);

// Inverts the upper left count x count part in place; false where it is near singular.
bool InvertInPlace(std::array<std::array<double, kMaxColumns>, kMaxColumns>& matrix,
                   std::size_t count);

template <class Product>
NormalEquations MakeNormalEquations(std::span<const std::size_t> x, Product product) {
  NormalEquations out;
  out.count = x.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    out.x[i] = x[i];
    for (std::size_t j = 0; j < x.size(); ++j) out.inverse[i][j] = product(x[i], x[j]);
  }
  out.valid = InvertInPlace(out.inverse, out.count);
  return out;
}

}  // namespace heapwatch
