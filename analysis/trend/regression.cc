#include "analysis/trend/regression.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
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
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMaxColumns, kMaxColumns>;
  std::array<double, kMaxColumns> scale = {};
  for (std::size_t i = 0; i < count; ++i) {
    if (!(matrix[i][i] > 0)) return false;
    scale[i] = 1 / std::sqrt(matrix[i][i]);
  }
  if (count == 0) return true;
  const auto dim = static_cast<Eigen::Index>(count);
  Matrix scaled(dim, dim);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      scaled(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          matrix[i][j] * scale[i] * scale[j];
    }
  }
  const Eigen::LLT<Matrix> solver(scaled);
  if (solver.info() != Eigen::Success) return false;
  if (solver.matrixLLT().diagonal().minCoeff() < kCollinear) return false;
  const Matrix inverse = solver.solve(Matrix::Identity(dim, dim));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      matrix[i][j] =
          inverse(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) * scale[i] * scale[j];
    }
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
