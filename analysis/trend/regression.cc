#include "analysis/trend/regression.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace heapwatch {
namespace {

// Smallest pivot of the scaled normal equations below which columns are taken for collinear.
constexpr double kCollinear = 1e-6;

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

Gram::Gram(std::span<const std::vector<double>> whitened, double log_determinant)
    : columns_(whitened.size()),
      rows_(whitened.empty() ? 0 : whitened[0].size()),
      log_determinant_(log_determinant),
      products_(columns_ * columns_) {
  const auto map = [this](const std::vector<double>& v) {
    return Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(rows_));
  };
  for (std::size_t i = 0; i < columns_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double product = map(whitened[i]).dot(map(whitened[j]));
      products_[i * columns_ + j] = product;
      products_[j * columns_ + i] = product;
    }
  }
}

Fit Gram::Solve(std::size_t y, std::span<const std::size_t> x, double variance_floor) const {
  Fit fit;
  const std::size_t p = x.size();
  if (p > kMaxColumns || rows_ < p + 3) return fit;
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMaxColumns, kMaxColumns>;
  using Vector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMaxColumns, 1>;
  const auto dim = static_cast<Eigen::Index>(p);
  Matrix gram(dim, dim);
  Vector moment(dim);
  std::array<double, kMaxColumns> scale = {};
  for (std::size_t i = 0; i < p; ++i) {
    scale[i] = std::sqrt(at(x[i], x[i]));
    if (!(scale[i] > 0)) return fit;
    const auto row = static_cast<Eigen::Index>(i);
    moment(row) = at(x[i], y) / scale[i];
    for (std::size_t j = 0; j <= i; ++j) {
      const auto column = static_cast<Eigen::Index>(j);
      gram(row, column) = at(x[i], x[j]) / (scale[i] * scale[j]);
      gram(column, row) = gram(row, column);
    }
  }
  Matrix inverse(dim, dim);
  Vector beta(dim);
  double explained = 0;
  if (p > 0) {
    const Eigen::LDLT<Matrix> solver(gram);
    if (solver.info() != Eigen::Success || solver.vectorD().minCoeff() < kCollinear) return fit;
    beta = solver.solve(moment);
    inverse = solver.solve(Matrix::Identity(dim, dim));
    explained = beta.dot(moment);
  }
  const auto n = static_cast<double>(rows_);
  const double squares = std::max(0.0, at(y, y) - explained);
  const double likely = std::max(squares / n, variance_floor);
  fit.residual_variance = std::max(squares / (n - static_cast<double>(p)), variance_floor);
  fit.log_likelihood =
      -0.5 * (n * std::log(2 * std::numbers::pi * likely) + squares / likely + log_determinant_);
  fit.valid = true;
  fit.columns = p;
  for (std::size_t i = 0; i < p; ++i) {
    fit.coefficient[i] = beta(static_cast<Eigen::Index>(i)) / scale[i];
    for (std::size_t j = 0; j < p; ++j) {
      fit.covariance[i][j] = fit.residual_variance *
                             inverse(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) /
                             (scale[i] * scale[j]);
    }
  }
  return fit;
}

}  // namespace heapwatch
