#include "analysis/trend/course_curve.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "analysis/trend/plateau.h"

namespace heapwatch {
namespace {

constexpr std::size_t kFewestPoints = 4;
constexpr std::size_t kDrawnPoints = 60;
// Shares of the stretch at which a step may lie, and time constants a curve may have.
constexpr std::array<double, 9> kPlaces = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr std::array<double, 9> kTimeConstants = {0.04, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.6, 1.2};

// A course on a stretch that is scaled to [0, 1]: a level, and what is added to it.
struct Shape {
  bool has_line = false;
  std::optional<double> step_at;
  std::optional<double> time_constant;

  Eigen::RowVectorXd Row(double t) const {
    std::vector<double> row = {1};
    if (has_line) row.push_back(t);
    if (step_at) row.push_back(t >= *step_at ? 1 : 0);
    if (time_constant) row.push_back(-std::expm1(-t / *time_constant));
    return Eigen::Map<Eigen::RowVectorXd>(row.data(), static_cast<Eigen::Index>(row.size()));
  }
};

// What may be meant by a course on the stretch of its last piece.
std::vector<Shape> ShapesOf(std::string_view course) {
  std::vector<Shape> shapes;
  const bool has_line =
      course == ToString(Course::kStepAndLine) || course == ToString(Course::kSaturatingAndLine);
  if (course == ToString(Course::kStep) || course == ToString(Course::kStepAndLine)) {
    for (const double c : kPlaces)
      shapes.push_back({.has_line = has_line, .step_at = c, .time_constant = {}});
  } else if (course == ToString(Course::kSaturating) ||
             course == ToString(Course::kSaturatingAndLine)) {
    for (const double tau : kTimeConstants)
      shapes.push_back({.has_line = has_line, .step_at = {}, .time_constant = tau});
  } else if (course == ToString(Course::kConstant) || course == ToString(Course::kRampThenFlat)) {
    shapes.push_back({});
  } else if (!course.empty()) {
    shapes.push_back({.has_line = true, .step_at = {}, .time_constant = {}});
  }
  return shapes;
}

struct Fitted {
  Shape shape;
  Eigen::VectorXd coefficients;
  Eigen::VectorXd residuals;
};

std::optional<Fitted> FitShape(const Shape& shape, const std::vector<double>& t,
                               const Eigen::VectorXd& y) {
  const auto columns = shape.Row(0).size();
  if (y.size() <= columns) return std::nullopt;
  Eigen::MatrixXd x(y.size(), columns);
  for (std::size_t i = 0; i < t.size(); ++i) x.row(static_cast<Eigen::Index>(i)) = shape.Row(t[i]);
  Fitted out{.shape = shape, .coefficients = x.colPivHouseholderQr().solve(y), .residuals = {}};
  out.residuals = y - x * out.coefficients;
  return out;
}

// Standard error of the level: neighbouring residuals that resemble each other count for less.
double LevelError(const Eigen::VectorXd& residuals) {
  const auto n = residuals.size();
  const double square = residuals.squaredNorm();
  if (square == 0) return 0;
  const double phi =
      std::clamp(residuals.head(n - 1).dot(residuals.tail(n - 1)) / square, 0.0, 0.95);
  const auto count = static_cast<double>(n);
  return std::sqrt(square / count * (1 + phi) / (1 - phi) / count);
}

}  // namespace

std::optional<CourseCurve> CurveOf(const Verdict& verdict, std::span<const Time> times,
                                   std::span<const double> inuse_bytes) {
  const double length = Seconds(verdict.to - verdict.from);
  std::vector<double> t;
  std::vector<double> values;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] < verdict.from || times[i] > verdict.to) continue;
    t.push_back(Seconds(times[i] - verdict.from) / length);
    values.push_back(inuse_bytes[i]);
  }
  if (t.size() < kFewestPoints || length <= 0) return std::nullopt;
  const Eigen::Map<const Eigen::VectorXd> y(values.data(),
                                            static_cast<Eigen::Index>(values.size()));
  std::optional<Fitted> best;
  for (const Shape& shape : ShapesOf(verdict.course)) {
    auto fitted = FitShape(shape, t, y);
    if (fitted && (!best || fitted->residuals.squaredNorm() < best->residuals.squaredNorm()))
      best = std::move(fitted);
  }
  if (!best) return std::nullopt;

  double middle = 0;
  for (const double at : t) middle += at / static_cast<double>(t.size());
  const double level_error = kTwoSided95 * LevelError(best->residuals);
  const double slope_error =
      (verdict.slope_interval.high - verdict.slope_interval.low) / 2 * length;
  CourseCurve curve;
  for (std::size_t i = 0; i < kDrawnPoints; ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(kDrawnPoints - 1);
    const double bytes = best->shape.Row(at).dot(best->coefficients);
    const double band = std::hypot(level_error, slope_error * (at - middle));
    curve.times.push_back(verdict.from + Duration(std::llround(1000 * at * length)));
    curve.bytes.push_back(bytes);
    curve.low.push_back(std::max(0.0, bytes - band));
    curve.high.push_back(bytes + band);
  }
  return curve;
}

}  // namespace heapwatch
