#include "analysis/trend/plateau.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace heapwatch {
namespace {

constexpr std::size_t kMinBins = 12;
constexpr std::array<double, 9> kPlaces = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr std::array<double, 9> kTimeConstants = {0.04, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.6, 1.2};
// A course whose slope at the end is below this share of the line's is levelling off.
constexpr double kGoingOnShare = 0.5;

template <class F>
std::vector<double> Map(std::span<const double> t, F f) {
  std::vector<double> out;
  out.reserve(t.size());
  for (const double x : t) out.push_back(f(x));
  return out;
}

std::vector<double> Normalized(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  const double first = out.front();
  const double length = out.back() - first;
  for (double& v : out) v = length > 0 ? (v - first) / length : 0;
  return out;
}

// Falls strictly as the likelihood of a fit rises: exp(-2 ln L / n) but for a constant. Unlike ln L
// itself it needs no logarithm for each of some hundred candidates.
double Unlikelihood(double variance, double variance_floor, double scale) {
  if (variance >= variance_floor) return variance * scale * std::numbers::e;
  return variance_floor * scale * std::exp(variance / variance_floor);
}

}  // namespace

std::string_view ToString(Course course) {
  switch (course) {
    case Course::kConstant:
      return "constant";
    case Course::kStep:
      return "a step";
    case Course::kRampThenFlat:
      return "a ramp that ended";
    case Course::kSaturating:
      return "a saturating curve";
    case Course::kLine:
      return "a line";
    case Course::kFlatThenRamp:
      return "a ramp that began";
    case Course::kStepAndLine:
      return "a step on a line";
    case Course::kSaturatingAndLine:
      return "a warm-up on a line";
    case Course::kHinge:
      return "two ramps";
  }
  return "?";
}

CourseBook::CourseBook(std::span<const double> seconds, std::span<const double> load,
                       std::span<const double> work)
    : seconds_(seconds.begin(), seconds.end()) {
  if (seconds_.size() < kMinBins || seconds_.back() <= seconds_.front()) return;
  length_ = seconds_.back() - seconds_.front();
  Tabulate(load, work);
  const auto bins = static_cast<double>(seconds_.size());
  penalty_per_parameter_ = std::exp(std::log(bins) / (bins - 1));
  for (const Candidate& candidate : candidates_) {
    const auto parameters = static_cast<double>(candidate.x.size() + candidate.searched);
    penalty_.push_back(std::pow(penalty_per_parameter_, parameters));
  }
  for (const double share : kWalkShares) levels_.push_back(MakeLevel(share));
}

std::size_t CourseBook::Add(std::vector<double> values, double end_slope) {
  columns_.push_back({.values = std::move(values), .end_slope = end_slope});
  return columns_.size() - 1;
}

void CourseBook::Propose(Course course, std::vector<std::size_t> x, std::size_t searched,
                         double place, bool by_work) {
  candidates_.push_back({.course = course,
                         .x = std::move(x),
                         .searched = searched,
                         .place = place,
                         .by_work = by_work});
}

void CourseBook::Tabulate(std::span<const double> load, std::span<const double> work) {
  if (!load.empty()) load_column_ = Add({load.begin(), load.end()}, 0);
  const std::vector<double> t = Normalized(seconds_);
  Propose(Course::kConstant, {}, 0, 0);
  const std::size_t line = Add(t, 1);
  Propose(Course::kLine, {line}, 0, 0);
  if (!work.empty()) {
    work_column_ = Add(Normalized(work), 1);
    Propose(Course::kLine, {*work_column_}, 0, 0, true);
  }
  for (const double c : kPlaces) {
    const std::size_t early = Add(Map(t, [c](double x) { return std::min(x, c); }), 0);
    const std::size_t late = Add(Map(t, [c](double x) { return std::max(x - c, 0.0); }), 1);
    const std::size_t step = Add(Map(t, [c](double x) { return x >= c ? 1.0 : 0.0; }), 0);
    Propose(Course::kStep, {step}, 1, c);
    Propose(Course::kRampThenFlat, {early}, 1, c);
    Propose(Course::kFlatThenRamp, {late}, 1, c);
    Propose(Course::kStepAndLine, {step, line}, 1, c);
    Propose(Course::kHinge, {early, late}, 1, c);
  }
  for (const double tau : kTimeConstants) {
    const double end_slope = std::exp(-1 / tau) / tau;
    const std::size_t curve =
        Add(Map(t, [tau](double x) { return -std::expm1(-x / tau); }), end_slope);
    Propose(Course::kSaturating, {curve}, 1, tau);
    if (tau < 0.5) Propose(Course::kSaturatingAndLine, {curve, line}, 1, tau);
  }
}

CourseBook::Level CourseBook::MakeLevel(double walk_share) const {
  Level level{.whitener = Whitener(seconds_, walk_share),
              .scale = 1,
              .whitened = {},
              .products = {},
              .plain = std::vector<NormalEquations>(candidates_.size()),
              .loaded = std::vector<NormalEquations>(load_column_ ? candidates_.size() : 0)};
  level.scale =
      std::exp(level.whitener.log_determinant() / static_cast<double>(seconds_.size() - 1));
  for (const Column& column : columns_) {
    const std::vector<double> values = level.whitener.Apply(column.values);
    level.whitened.insert(level.whitened.end(), values.begin(), values.end());
  }
  const auto width = static_cast<Eigen::Index>(columns_.size());
  const auto rows = static_cast<Eigen::Index>(seconds_.size()) - 1;
  level.products.resize(columns_.size() * columns_.size());
  const Eigen::Map<const Eigen::MatrixXd> all(level.whitened.data(), rows, width);
  Eigen::Map<Eigen::MatrixXd>(level.products.data(), width, width).noalias() =
      all.transpose() * all;
  SetUp(level, false);
  return level;
}

void CourseBook::SetUp(Level& level, bool only_load) const {
  const auto product = [&](std::size_t i, std::size_t j) {
    return level.products[i * columns_.size() + j];
  };
  std::vector<std::size_t> x;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& candidate = candidates_[i];
    if (!only_load || candidate.by_work) {
      level.plain[i] = MakeNormalEquations(candidate.x, product);
    }
    if (!load_column_) continue;
    x = candidate.x;
    x.push_back(*load_column_);
    level.loaded[i] = MakeNormalEquations(x, product);
  }
}

void CourseBook::SetLoad(std::span<const double> load, std::span<const double> work) {
  columns_[*load_column_].values.assign(load.begin(), load.end());
  columns_[*work_column_].values = Normalized(work);
  const auto width = static_cast<Eigen::Index>(columns_.size());
  const auto rows = static_cast<Eigen::Index>(seconds_.size()) - 1;
  for (Level& level : levels_) {
    for (const std::size_t column : {*load_column_, *work_column_}) {
      const std::vector<double> values = level.whitener.Apply(columns_[column].values);
      std::copy(values.begin(), values.end(),
                level.whitened.begin() + static_cast<std::ptrdiff_t>(column * values.size()));
    }
    const Eigen::Map<const Eigen::MatrixXd> all(level.whitened.data(), rows, width);
    Eigen::Map<Eigen::MatrixXd> products(level.products.data(), width, width);
    for (const std::size_t column : {*load_column_, *work_column_}) {
      const auto c = static_cast<Eigen::Index>(column);
      products.col(c).noalias() = all.transpose() * all.col(c);
      products.row(c) = products.col(c).transpose();
    }
    SetUp(level, true);
  }
}

CourseFit CourseBook::Describe(const Candidate& candidate, const NormalEquations& equations,
                               const Fit& fit, double walk_share) const {
  CourseFit out{.course = candidate.course, .by_work = candidate.by_work};
  out.place_seconds = candidate.place * length_;
  out.walk_share = walk_share;
  const auto parameters = static_cast<double>(equations.count + candidate.searched);
  out.bic = parameters * std::log(static_cast<double>(seconds_.size())) - 2 * fit.log_likelihood;
  double slope = 0;
  double variance = 0;
  for (std::size_t i = 0; i < equations.count; ++i) {
    const double a = columns_[equations.x[i]].end_slope;
    slope += a * fit.coefficient[i];
    if (equations.x[i] == load_column_) out.load_coefficient = fit.coefficient[i];
    for (std::size_t j = 0; j < equations.count; ++j) {
      variance +=
          a * columns_[equations.x[j]].end_slope * fit.residual_variance * equations.inverse[i][j];
    }
  }
  out.end_slope = slope / length_;
  out.end_slope_error = std::sqrt(std::max(0.0, variance)) / length_;
  const bool broken = candidate.course == Course::kFlatThenRamp ||
                      candidate.course == Course::kHinge ||
                      candidate.course == Course::kRampThenFlat;
  out.last_piece_seconds = broken ? (1 - candidate.place) * length_ : length_;
  return out;
}

double CourseBook::EndSlope(const NormalEquations& equations, const double* moments) const {
  double slope = 0;
  for (std::size_t i = 0; i < equations.count; ++i) {
    double coefficient = 0;
    for (std::size_t j = 0; j < equations.count; ++j)
      coefficient += equations.inverse[i][j] * moments[equations.x[j]];
    slope += columns_[equations.x[i]].end_slope * coefficient;
  }
  return slope / length_;
}

CourseBook::Fits CourseBook::FitAll(const std::vector<Whitened>& series, double variance_floor,
                                    bool with_load) const {
  Fits fits{.with_load = with_load, .of = std::vector<Likeliest>(candidates_.size())};
  const double per_row = 1 / static_cast<double>(seconds_.size() - 1);
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const auto& equations = with_load ? levels_[l].loaded : levels_[l].plain;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!equations[i].valid) continue;
      const double variance =
          SquaresLeft(equations[i], series[l].moments.data(), series[l].square) * per_row;
      const double unlikelihood =
          penalty_[i] * Unlikelihood(variance, variance_floor, levels_[l].scale);
      if (unlikelihood < fits.of[i].unlikelihood) fits.of[i] = {unlikelihood, l};
    }
  }
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    Likeliest& fit = fits.of[i];
    if (with_load) fit.unlikelihood *= penalty_per_parameter_;
    const auto less = [&](std::size_t a, std::size_t b) {
      return fits.of[a].unlikelihood < fits.of[b].unlikelihood;
    };
    if (less(i, fits.best)) fits.best = i;
    const bool is_line = candidates_[i].course == Course::kLine;
    if (is_line && (candidates_[fits.line].course != Course::kLine || less(i, fits.line)))
      fits.line = i;
  }
  return fits;
}

double CourseBook::Bic(double unlikelihood) const {
  return static_cast<double>(seconds_.size() - 1) *
         (std::log(unlikelihood) + std::log(2 * std::numbers::pi));
}

Comparison CourseBook::Summarize(const Fits& fits, const std::vector<Whitened>& series,
                                 double variance_floor) const {
  const auto equations = [&](std::size_t i) -> const NormalEquations& {
    const Level& level = levels_[fits.of[i].level];
    return fits.with_load ? level.loaded[i] : level.plain[i];
  };
  const auto describe = [&](std::size_t i) {
    const std::size_t l = fits.of[i].level;
    const Fit fit = Solve(equations(i), series[l].moments, series[l].square, seconds_.size() - 1,
                          levels_[l].whitener.log_determinant(), variance_floor);
    return Describe(candidates_[i], equations(i), fit, kWalkShares[l]);
  };
  Comparison out{.best = describe(fits.best), .line = describe(fits.line)};
  out.load_used = fits.with_load;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double flat = kNone;
  double going_on = kNone;
  std::array<double, kCourseCount> of_course;
  of_course.fill(kNone);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Likeliest& fit = fits.of[i];
    if (std::isinf(fit.unlikelihood)) continue;
    const double slope = EndSlope(equations(i), series[fit.level].moments.data());
    double& side = slope > kGoingOnShare * out.line.end_slope ? going_on : flat;
    side = std::min(side, fit.unlikelihood);
    double& course = of_course[static_cast<std::size_t>(candidates_[i].course)];
    course = std::min(course, fit.unlikelihood);
  }
  out.bic_flat = Bic(flat);
  out.bic_going_on = Bic(going_on);
  double sum = 0;
  for (std::size_t c = 0; c < kCourseCount; ++c) {
    out.weights[c] = std::exp((out.best.bic - Bic(of_course[c])) / 2);
    sum += out.weights[c];
  }
  for (double& weight : out.weights) weight /= sum;
  return out;
}

std::optional<Comparison> CourseBook::Compare(std::span<const double> inuse,
                                              double variance_floor) const {
  if (levels_.empty()) return std::nullopt;
  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  const std::size_t rows = seconds_.size() - 1;
  const std::size_t width = columns_.size();
  std::vector<Whitened> series(levels_.size());
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const std::vector<double> y = levels_[l].whitener.Apply(inuse);
    const Eigen::Map<const Eigen::VectorXd> values(y.data(), index(rows));
    series[l].square = values.squaredNorm();
    series[l].moments.resize(width);
    Eigen::Map<Eigen::VectorXd>(series[l].moments.data(), index(width)).noalias() =
        Eigen::Map<const Eigen::MatrixXd>(levels_[l].whitened.data(), index(rows), index(width))
            .transpose() *
        values;
  }
  const Fits plain = FitAll(series, variance_floor, false);
  if (load_column_) {
    const Fits loaded = FitAll(series, variance_floor, true);
    if (loaded.of[loaded.best].unlikelihood < plain.of[plain.best].unlikelihood)
      return Summarize(loaded, series, variance_floor);
  }
  return Summarize(plain, series, variance_floor);
}

}  // namespace heapwatch
