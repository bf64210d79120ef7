#include "analysis/trend/regression.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace heapwatch {
namespace {

// Smallest pivot of the scaled normal equations below which columns are taken for collinear.
constexpr double kCollinear = 1e-3;

}  // namespace

Whitener::Whitener(std::span<const double> seconds, double observations_per_value,
                   const PerShare& walk_share) {
  const std::size_t n = seconds.size();
  if (n < 2) return;
  const double mean_step = (seconds[n - 1] - seconds[0]) / static_cast<double>(n - 1);
  const double averaged = 1 - 1 / (observations_per_value * observations_per_value);
  const PerShare white = 1 - walk_share - averaged / 6 * walk_share;
  PerShare level_variance = white;  // after the first value, which the diffuse level takes over
  for (std::size_t k = 1; k < n; ++k) {
    const double step = mean_step > 0 ? (seconds[k] - seconds[k - 1]) / mean_step : 1;
    const PerShare predicted = level_variance + walk_share * step;
    const PerShare innovation = (predicted + white).max(1e-9);
    gain_.emplace_back(predicted / innovation);
    weight_.emplace_back(1 / innovation.sqrt());
    log_determinant_ += innovation.log();
    level_variance = predicted * (1 - gain_.back());
  }
}

std::vector<PerShare> Whitener::Apply(std::span<const double> column) const {
  std::vector<PerShare> out;
  out.reserve(gain_.size());
  PerShare level = PerShare::Constant(column.empty() ? 0 : column[0]);
  for (std::size_t k = 0; k < gain_.size(); ++k) {
    const PerShare innovation = column[k + 1] - level;
    out.emplace_back(innovation * weight_[k]);
    level += gain_[k] * innovation;
  }
  return out;
}

Eigen::Array<bool, kWalkShareCount, 1> InvertInPlace(SquareMatrix& matrix, std::size_t count) {
  Eigen::Array<bool, kWalkShareCount, 1> valid;
  valid.setConstant(true);
  std::array<PerShare, kMaxColumns> scale;
  for (std::size_t i = 0; i < count; ++i) {
    valid = valid && matrix[i][i] > 0;
    scale[i] = 1 / matrix[i][i].sqrt();
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) matrix[i][j] *= scale[i] * scale[j];
  }
  // Gauss-Jordan without exchange of rows, which a positive definite matrix does not need; its
  // pivots are the squares of Cholesky's diagonal.
  for (std::size_t k = 0; k < count; ++k) {
    const PerShare pivot = matrix[k][k];
    valid = valid && pivot > kCollinear * kCollinear;
    matrix[k][k].setOnes();
    for (std::size_t j = 0; j < count; ++j) matrix[k][j] /= pivot;
    for (std::size_t i = 0; i < count; ++i) {
      if (i == k) continue;
      const PerShare factor = matrix[i][k];
      matrix[i][k].setZero();
      for (std::size_t j = 0; j < count; ++j) matrix[i][j] -= factor * matrix[k][j];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j)
      matrix[i][j] = valid.select(matrix[i][j] * scale[i] * scale[j], 0);
  }
  return valid;
}

Fit Solve(const NormalEquations& equations, const WhitenedSeries& series, std::size_t share,
          double log_determinant, double variance_floor) {
  const auto at = static_cast<Eigen::Index>(share);
  const auto moment = [&](std::size_t i) { return series.moments[equations.x[i]](at); };
  Fit fit;
  const std::size_t p = equations.count;
  double explained = 0;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j)
      fit.coefficient[i] += equations.inverse[i][j](at) * moment(j);
    explained += fit.coefficient[i] * moment(i);
  }
  const auto n = static_cast<double>(series.rows);
  const double squares = std::max(0.0, series.square(at) - explained);
  const double likely = std::max(squares / n, variance_floor);
  fit.residual_variance = std::max(squares / (n - static_cast<double>(p)), variance_floor);
  fit.log_likelihood =
      -0.5 * (n * std::log(2 * std::numbers::pi * likely) + squares / likely + log_determinant);
  return fit;
}

}  // namespace heapwatch
