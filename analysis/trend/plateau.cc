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
double Unlikelihood(double squares, double rows, double variance_floor, double scale) {
  const double variance = squares / rows;
  if (variance >= variance_floor) return variance * scale * std::numbers::e;
  return variance_floor * scale * std::exp(variance / variance_floor);
}

// Sums up the fits of all candidates; nullopt where none could be made.
std::optional<Comparison> Summarize(const std::vector<CourseFit>& fits, bool load_used) {
  const CourseFit* line = nullptr;
  const CourseFit* best = nullptr;
  for (const CourseFit& fit : fits) {
    if (best == nullptr || fit.bic < best->bic) best = &fit;
    if (fit.course == Course::kLine && (line == nullptr || fit.bic < line->bic)) line = &fit;
  }
  if (best == nullptr || line == nullptr) return std::nullopt;
  Comparison out{.best = *best, .line = *line};
  out.load_used = load_used;
  out.bic_flat = out.bic_going_on = std::numeric_limits<double>::infinity();
  for (const CourseFit& fit : fits) {
    const bool going_on = fit.end_slope > kGoingOnShare * line->end_slope;
    double& side = going_on ? out.bic_going_on : out.bic_flat;
    side = std::min(side, fit.bic);
  }
  return out;
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
              .whitened = {},
              .products = {},
              .plain = std::vector<NormalEquations>(candidates_.size()),
              .loaded = std::vector<NormalEquations>(load_column_ ? candidates_.size() : 0)};
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

CourseBook CourseBook::WithLoad(std::span<const double> load, std::span<const double> work) const {
  CourseBook out = *this;
  out.columns_[*load_column_].values.assign(load.begin(), load.end());
  out.columns_[*work_column_].values = Normalized(work);
  const auto width = static_cast<Eigen::Index>(columns_.size());
  const auto rows = static_cast<Eigen::Index>(seconds_.size()) - 1;
  for (Level& level : out.levels_) {
    for (const std::size_t column : {*load_column_, *work_column_}) {
      const std::vector<double> values = level.whitener.Apply(out.columns_[column].values);
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
    out.SetUp(level, true);
  }
  return out;
}

// Orders as the BIC does: exp(BIC / rows) but for a constant.
double CourseBook::LeastPenalized(const std::vector<Likeliest>& fits,
                                  std::size_t further_columns) const {
  const double per_parameter =
      std::log(static_cast<double>(seconds_.size())) / static_cast<double>(seconds_.size() - 1);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const std::size_t parameters =
        candidates_[i].x.size() + candidates_[i].searched + further_columns;
    const double penalty = std::exp(static_cast<double>(parameters) * per_parameter);
    least = std::min(least, fits[i].unlikelihood * penalty);
  }
  return least;
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

std::optional<Comparison> CourseBook::Compare(std::span<const double> inuse,
                                              double variance_floor) const {
  if (levels_.empty()) return std::nullopt;
  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  const std::size_t rows = seconds_.size() - 1;
  const std::size_t width = columns_.size();
  std::vector<double> moments(levels_.size() * width);
  std::vector<double> squares(levels_.size());
  std::vector<Likeliest> plain(candidates_.size());
  std::vector<Likeliest> loaded(load_column_ ? candidates_.size() : 0);
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const Level& level = levels_[l];
    const std::vector<double> y = level.whitener.Apply(inuse);
    const Eigen::Map<const Eigen::VectorXd> series(y.data(), index(rows));
    double* const here = moments.data() + l * width;
    Eigen::Map<Eigen::VectorXd>(here, index(width)).noalias() =
        Eigen::Map<const Eigen::MatrixXd>(level.whitened.data(), index(rows), index(width))
            .transpose() *
        series;
    squares[l] = series.squaredNorm();
    const double scale = std::exp(level.whitener.log_determinant() / static_cast<double>(rows));
    const auto try_all = [&](const std::vector<NormalEquations>& equations,
                             std::vector<Likeliest>& best) {
      for (std::size_t i = 0; i < best.size(); ++i) {
        if (!equations[i].valid) continue;
        const double unlikelihood = Unlikelihood(SquaresLeft(equations[i], here, squares[l]),
                                                 static_cast<double>(rows), variance_floor, scale);
        if (unlikelihood < best[i].unlikelihood) best[i] = {unlikelihood, l};
      }
    };
    try_all(level.plain, plain);
    try_all(level.loaded, loaded);
  }
  const auto describe = [&](const std::vector<Likeliest>& best, bool with_load) {
    std::vector<CourseFit> fits;
    fits.reserve(best.size());
    for (std::size_t i = 0; i < best.size(); ++i) {
      if (std::isinf(best[i].unlikelihood)) continue;
      const std::size_t l = best[i].level;
      const Level& level = levels_[l];
      const NormalEquations& equations = with_load ? level.loaded[i] : level.plain[i];
      const Fit fit = Solve(equations, std::span(moments).subspan(l * width, width), squares[l],
                            rows, level.whitener.log_determinant(), variance_floor);
      fits.push_back(Describe(candidates_[i], equations, fit, kWalkShares[l]));
    }
    return fits;
  };
  const bool load_used = LeastPenalized(loaded, 1) < LeastPenalized(plain, 0);
  return Summarize(describe(load_used ? loaded : plain, load_used), load_used);
}

}  // namespace heapwatch
