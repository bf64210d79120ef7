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

inline constexpr std::size_t kMaxColumns = 4;

struct Fit {
  bool valid = false;
  std::size_t columns = 0;
  std::array<double, kMaxColumns> coefficient = {};
  std::array<std::array<double, kMaxColumns>, kMaxColumns> covariance = {};
  double log_likelihood = 0;
  double walk_share = 0;
  double residual_variance = 0;  // s^2
};

// All inner products of a set of whitened columns: every model over any of them is fitted from
// these alone.
class Gram {
 public:
  explicit Gram(std::span<const std::vector<double>> whitened, double log_determinant);

  // Fits column `y` on the columns `x` (at most kMaxColumns). `variance_floor` keeps a series
  // without any noise from claiming infinite precision. Invalid where the columns are collinear or
  // too few values are left.
  Fit Solve(std::size_t y, std::span<const std::size_t> x, double variance_floor) const;

 private:
  double at(std::size_t i, std::size_t j) const { return products_[i * columns_ + j]; }

  std::size_t columns_;
  std::size_t rows_;
  double log_determinant_;
  std::vector<double> products_;
};

}  // namespace heapwatch
