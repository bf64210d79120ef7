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
// Means of m observations of a walk are no walk: neighbouring steps of theirs go the same way, with
// a correlation of (m^2 - 1) / (2 (2 m^2 + 1)) (Working, Note on the correlation of first
// differences of averages in a random chain, Econometrica 28, 1960). A walk with a white part of
// -(1 - 1/m^2) / 6 of its step's variance has just that; so much is taken off var e.
//
// All shares are fitted side by side: the same steps on a value for each of them, as wide as the
// machine's vectors are.
//
// Pure; times in seconds, ascending.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace heapwatch {

inline constexpr std::size_t kWalkShareCount = 8;
// A value for each random-walk share.
using PerShare = Eigen::Array<double, kWalkShareCount, 1>;

// The ladder of shares tried, from pure white noise to nearly pure random walk. The last stands
// there twice to fill the vectors; of equals the first is taken.
inline constexpr std::array<double, kWalkShareCount> kWalkShares = {0,    0.003, 0.02, 0.08,
                                                                    0.25, 0.6,   0.97, 0.97};

// Turns columns into innovations.
class Whitener {
 public:
  // Of values that are means of so many observations each.
  Whitener(std::span<const double> seconds, double observations_per_value,
           const PerShare& walk_share);

  // seconds.size() - 1 rows.
  std::vector<PerShare> Apply(std::span<const double> column) const;
  const PerShare& log_determinant() const { return log_determinant_; }

 private:
  std::vector<PerShare> gain_;
  std::vector<PerShare> weight_;  // 1 / standard deviation of the innovation, in units of s
  PerShare log_determinant_ = PerShare::Zero();
};

inline constexpr std::size_t kMaxColumns = 4;

using SquareMatrix = std::array<std::array<PerShare, kMaxColumns>, kMaxColumns>;

// The part of a least-squares fit that does not depend on the series: (X'X)^-1 of the chosen
// whitened columns.
struct NormalEquations {
  Eigen::Array<bool, kWalkShareCount, 1> valid;  // false where the columns are collinear
  std::size_t count = 0;
  std::array<std::size_t, kMaxColumns> x = {};  // which columns
  SquareMatrix inverse;                         // zero where not valid
};

// `product(i, j)` is the inner product of whitened columns i and j.
template <class Product>
NormalEquations MakeNormalEquations(std::span<const std::size_t> x, Product product);

// a'Xa of the first N columns of the equations, X being their inverse.
template <std::size_t N>
PerShare QuadraticForm(const NormalEquations& equations, const PerShare* moments) {
  PerShare sum = PerShare::Zero();
  for (std::size_t i = 0; i < N; ++i) {
    const PerShare& a = moments[equations.x[i]];
    PerShare row = a * equations.inverse[i][i];
    for (std::size_t j = i + 1; j < N; ++j)
      row += 2 * equations.inverse[i][j] * moments[equations.x[j]];
    sum += a * row;
  }
  return sum;
}

// What a fit explains of the squares of a whitened series whose inner product with whitened column
// i is `moments[i]`. This is the innermost step of the analysis.
inline PerShare SquaresExplained(const NormalEquations& equations, const PerShare* moments) {
  static_assert(kMaxColumns == 4);
  switch (equations.count) {
    case 0:
      return PerShare::Zero();
    case 1:
      return QuadraticForm<1>(equations, moments);
    case 2:
      return QuadraticForm<2>(equations, moments);
    case 3:
      return QuadraticForm<3>(equations, moments);
    default:
      return QuadraticForm<4>(equations, moments);
  }
}

struct Fit {
  double log_likelihood = 0;
  double residual_variance = 0;  // s^2
  std::array<double, kMaxColumns> coefficient = {};
};

// A series, whitened.
struct WhitenedSeries {
  std::vector<PerShare> moments;  // its inner products with the whitened columns
  PerShare square;                // and with itself
  std::size_t rows = 0;
};

// The fit for one of the shares. `variance_floor` keeps a series without any noise from claiming
// infinite precision.
Fit Solve(const NormalEquations& equations, const WhitenedSeries& series, std::size_t share,
          double log_determinant, double variance_floor);

// Inverts the upper left count x count part of a symmetric matrix in place; tells where it could,
// and leaves zero where the matrix is near singular.
Eigen::Array<bool, kWalkShareCount, 1> InvertInPlace(SquareMatrix& matrix, std::size_t count);

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
