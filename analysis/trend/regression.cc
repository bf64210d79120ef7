#include "analysis/trend/regression.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace heapwatch {
namespace {

// Smallest pivot of the scaled normal equations below which columns are taken for collinear.
constexpr double kCollinear = 1e-3;

}  // namespace

Whitener::Whitener(std::span<const double> seconds, double walk_share) {
  const std::size_t n = seconds.size();
  if (n < 2) return;
  const double mean_step = (seconds[n - 1] - seconds[0]) / static_cast<double>(n - 1);
  const double white = 1 - walk_share;
  double level_variance = white;  // after the first value, which the diffuse level takes over
  for (std::size_t k = 1; k < n; ++k) {
    const double step = mean_step > 0 ? (seconds[k] - seconds[k - 1]) / mean_step : 1;
    const double predicted = level_variance + walk_share * step;
    const double innovation = std::max(predicted + white, 1e-9);
    gain_.push_back(predicted / innovation);
    weight_.push_back(1 / std::sqrt(innovation));
    log_determinant_ += std::log(innovation);
    level_variance = predicted * (1 - gain_.back());
  }
}

std::vector<double> Whitener::Apply(std::span<const double> column) const {
  std::vector<double> out(gain_.size());
  double level = column.empty() ? 0 : column[0];
  for (std::size_t k = 0; k < gain_.size(); ++k) {
    const double innovation = column[k + 1] - level;
    out[k] = innovation * weight_[k];
    level += gain_[k] * innovation;
  }
  return out;
}

bool InvertInPlace(std::array<std::array<double, kMaxColumns>, kMaxColumns>& matrix,
                   std::size_t count) {
  std::array<double, kMaxColumns> scale = {};
  for (std::size_t i = 0; i < count; ++i) {
    if (!(matrix[i][i] > 0)) return false;
    scale[i] = 1 / std::sqrt(matrix[i][i]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) matrix[i][j] *= scale[i] * scale[j];
  }
  // Gauss-Jordan without exchange of rows, which a positive definite matrix does not need; its
  // pivots are the squares of Cholesky's diagonal.
  for (std::size_t k = 0; k < count; ++k) {
    const double pivot = matrix[k][k];
    if (!(pivot > kCollinear * kCollinear)) return false;
    matrix[k][k] = 1;
    for (std::size_t j = 0; j < count; ++j) matrix[k][j] /= pivot;
    for (std::size_t i = 0; i < count; ++i) {
      if (i == k) continue;
      const double factor = matrix[i][k];
      matrix[i][k] = 0;
      for (std::size_t j = 0; j < count; ++j) matrix[i][j] -= factor * matrix[k][j];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) matrix[i][j] *= scale[i] * scale[j];
  }
  return true;
}

Fit Solve(const NormalEquations& equations, std::span<const double> moments, double square,
          std::size_t rows, double log_determinant, double variance_floor) {
  Fit fit;
  const std::size_t p = equations.count;
  double explained = 0;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) {
      fit.coefficient[i] += equations.inverse[i][j] * moments[equations.x[j]];
    }
    explained += fit.coefficient[i] * moments[equations.x[i]];
  }
  const auto n = static_cast<double>(rows);
  const double squares = std::max(0.0, square - explained);
  const double likely = std::max(squares / n, variance_floor);
  fit.residual_variance = std::max(squares / (n - static_cast<double>(p)), variance_floor);
  fit.log_likelihood =
      -0.5 * (n * std::log(2 * std::numbers::pi * likely) + squares / likely + log_determinant);
  return fit;
}

}  // namespace heapwatch
