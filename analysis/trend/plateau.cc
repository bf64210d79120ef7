#include "analysis/trend/plateau.h"

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
// Courses less likely than this beside the best do not bear on its slope.
constexpr double kNegligibleWeight = 1e-3;
// From this length on a daily swing and a trend are told apart.
constexpr double kDaysSeen = 2;

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

CourseBook::CourseBook(std::span<const double> seconds, double observations_per_bin,
                       std::span<const double> load, std::span<const double> work)
    : seconds_(seconds.begin(), seconds.end()) {
  if (seconds_.size() < kMinBins || seconds_.back() <= seconds_.front()) return;
  length_ = seconds_.back() - seconds_.front();
  whitener_.emplace(seconds_, observations_per_bin, Eigen::Map<const PerShare>(kWalkShares.data()));
  scale_ = (whitener_->log_determinant() / static_cast<double>(seconds_.size() - 1)).exp();
  Tabulate(load, work);
  SetUp(false);
}

std::size_t CourseBook::Add(std::vector<double> values, double end_slope,
                            std::optional<std::size_t> rest) {
  Column& column = columns_.emplace_back();
  column.values = std::move(values);
  column.end_slope = end_slope;
  column.rest = rest;
  Whiten(column);
  return columns_.size() - 1;
}

void CourseBook::Whiten(Column& column) const {
  column.whitened = whitener_->Apply(column.values);
  const auto moved = std::find_if(column.values.begin(), column.values.end(),
                                  [&](double v) { return v != column.values.front(); });
  const auto still = moved - column.values.begin();
  column.first_row = static_cast<std::size_t>(std::max<std::ptrdiff_t>(still - 1, 0));
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
  if (!load.empty()) {
    swing_ = Swing::kWithLoad;
    swing_columns_ = {Add({load.begin(), load.end()}, 0)};
  } else if (length_ >= kDaysSeen * kDaySeconds) {
    swing_ = Swing::kWithHourOfDay;
    const auto angle = [](double second) { return 2 * std::numbers::pi * second / kDaySeconds; };
    swing_columns_ = {
        Add(Map(seconds_, [&](double second) { return std::sin(angle(second)); }), 0),
        Add(Map(seconds_, [&](double second) { return std::cos(angle(second)); }), 0)};
  }
  const std::vector<double> t = Normalized(seconds_);
  Propose(Course::kConstant, {}, 0, 0);
  const std::size_t line = line_column_ = Add(t, 1);
  Propose(Course::kLine, {line}, 0, 0);
  if (!work.empty()) {
    work_column_ = Add(Normalized(work), 1);
    Propose(Course::kLine, {*work_column_}, 0, 0, true);
  }
  for (const double c : kPlaces) {
    const std::size_t late = Add(Map(t, [c](double x) { return std::max(x - c, 0.0); }), 1);
    const std::size_t early = Add(Map(t, [c](double x) { return std::min(x, c); }), 0, late);
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

CourseBook::Model CourseBook::MakeModel(const Candidate& candidate, bool with_swing) const {
  std::array<std::size_t, kMaxColumns> x = {};
  std::size_t count = candidate.x.size();
  std::copy(candidate.x.begin(), candidate.x.end(), x.begin());
  if (with_swing) {
    for (const std::size_t column : swing_columns_) x[count++] = column;
  }
  Model model;
  model.equations =
      MakeNormalEquations(std::span(x).first(count), [&](std::size_t i, std::size_t j) {
        const Column& a = columns_[i];
        const Column& b = columns_[j];
        PerShare sum = PerShare::Zero();
        for (std::size_t k = std::max(a.first_row, b.first_row); k < a.whitened.size(); ++k)
          sum += a.whitened[k] * b.whitened[k];
        return sum;
      });
  // exp(-2 ln L / rows) is variance * scale * e, and each parameter costs ln n.
  const auto bins = static_cast<double>(seconds_.size());
  const double penalty =
      std::pow(bins, static_cast<double>(count + candidate.searched) / (bins - 1));
  model.unlikelihood_per_variance = model.equations.valid.select(
      penalty * std::numbers::e * scale_, std::numeric_limits<double>::infinity());
  return model;
}

void CourseBook::SetUp(bool only_load) {
  plain_.resize(candidates_.size());
  swinging_.resize(swing_columns_.empty() ? 0 : candidates_.size());
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (!only_load || candidates_[i].by_work) plain_[i] = MakeModel(candidates_[i], false);
    if (!swing_columns_.empty()) swinging_[i] = MakeModel(candidates_[i], true);
  }
}

void CourseBook::SetLoad(std::span<const double> load, std::span<const double> work) {
  Column& column = columns_[swing_columns_.front()];
  column.values.assign(load.begin(), load.end());
  columns_[*work_column_].values = Normalized(work);
  Whiten(column);
  Whiten(columns_[*work_column_]);
  SetUp(true);
}

CourseFit CourseBook::Describe(const Candidate& candidate, const NormalEquations& equations,
                               const Fit& fit, std::size_t share) const {
  CourseFit out{.course = candidate.course, .by_work = candidate.by_work};
  out.place_seconds = candidate.place * length_;
  const auto parameters = static_cast<double>(equations.count + candidate.searched);
  out.bic = parameters * std::log(static_cast<double>(seconds_.size())) - 2 * fit.log_likelihood;
  for (std::size_t i = 0; i < equations.count; ++i)
    out.end_slope += columns_[equations.x[i]].end_slope * fit.coefficient[i] / length_;
  out.end_slope_error = std::sqrt(EndSlopeVariance(equations, fit, share));
  const bool broken = candidate.course == Course::kFlatThenRamp ||
                      candidate.course == Course::kHinge ||
                      candidate.course == Course::kRampThenFlat;
  out.last_piece_seconds = broken ? (1 - candidate.place) * length_ : length_;
  return out;
}

double CourseBook::EndSlopeVariance(const NormalEquations& equations, const Fit& fit,
                                    std::size_t share) const {
  double variance = 0;
  for (std::size_t i = 0; i < equations.count; ++i) {
    for (std::size_t j = 0; j < equations.count; ++j) {
      variance += columns_[equations.x[i]].end_slope * columns_[equations.x[j]].end_slope *
                  equations.inverse[i][j](static_cast<Eigen::Index>(share));
    }
  }
  return std::max(0.0, variance) * fit.residual_variance / (length_ * length_);
}

double CourseBook::EndSlope(const NormalEquations& equations, const WhitenedSeries& series,
                            std::size_t share) const {
  const auto at = static_cast<Eigen::Index>(share);
  double slope = 0;
  for (std::size_t i = 0; i < equations.count; ++i) {
    double coefficient = 0;
    for (std::size_t j = 0; j < equations.count; ++j)
      coefficient += equations.inverse[i][j](at) * series.moments[equations.x[j]](at);
    slope += columns_[equations.x[i]].end_slope * coefficient;
  }
  return slope / length_;
}

CourseBook::Fits CourseBook::FitAll(const WhitenedSeries& series, double variance_floor,
                                    bool with_swing) const {
  Fits fits{.with_swing = with_swing, .of = std::vector<Likeliest>(candidates_.size())};
  const double per_row = 1 / static_cast<double>(series.rows);
  const std::vector<Model>& models = with_swing ? swinging_ : plain_;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const PerShare explained = SquaresExplained(models[i].equations, series.moments.data());
    PerShare variance = (series.square - explained).max(0) * per_row;
    // Below its floor the variance is known, and the likelihood falls with the squares alone.
    if (variance.minCoeff() < variance_floor)
      variance = (variance < variance_floor)
                     .select(variance_floor * (variance / variance_floor - 1).exp(), variance);
    const PerShare unlikelihood = variance * models[i].unlikelihood_per_variance;
    Eigen::Index share = 0;
    fits.of[i].unlikelihood = unlikelihood.minCoeff(&share);
    fits.of[i].share = static_cast<std::size_t>(share);
  }
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
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

Fit CourseBook::FitOf(std::size_t candidate, const Fits& fits, const WhitenedSeries& series,
                      double variance_floor) const {
  const std::size_t share = fits.of[candidate].share;
  return Solve((fits.with_swing ? swinging_ : plain_)[candidate].equations, series, share,
               whitener_->log_determinant()(static_cast<Eigen::Index>(share)), variance_floor);
}

std::vector<double> CourseBook::SwingBytes(const NormalEquations& equations, const Fit& fit) const {
  std::vector<double> bytes(seconds_.size(), 0.0);
  for (std::size_t i = equations.count - swing_columns_.size(); i < equations.count; ++i) {
    const std::vector<double>& values = columns_[equations.x[i]].values;
    // The load is 1 on average, hours swing around 0.
    const double mean = swing_ == Swing::kWithLoad ? 1 : 0;
    for (std::size_t k = 0; k < bytes.size(); ++k)
      bytes[k] += fit.coefficient[i] * (values[k] - mean);
  }
  return bytes;
}

double CourseBook::EffectiveN(std::span<const double> inuse, const NormalEquations& equations,
                              const Fit& fit) const {
  Eigen::ArrayXd residual =
      Eigen::Map<const Eigen::ArrayXd>(inuse.data(), static_cast<Eigen::Index>(inuse.size()));
  for (std::size_t i = 0; i < equations.count; ++i) {
    const std::vector<double>& values = columns_[equations.x[i]].values;
    residual -=
        fit.coefficient[i] * Eigen::Map<const Eigen::ArrayXd>(values.data(), residual.size());
  }
  residual -= residual.mean();
  const Eigen::Index n = residual.size();
  const double squares = residual.square().sum();
  const double neighbours = (residual.head(n - 1) * residual.tail(n - 1)).sum();
  const double phi = squares > 0 ? std::clamp(neighbours / squares, 0.0, 1.0) : 0;
  return static_cast<double>(n) * (1 - phi) / (1 + phi);
}

std::optional<Comparison> CourseBook::Summarize(const Fits& fits, std::span<const double> inuse,
                                                const WhitenedSeries& series, double variance_floor,
                                                double least_rise) const {
  const std::vector<Model>& models = fits.with_swing ? swinging_ : plain_;
  const Fit best = FitOf(fits.best, fits, series, variance_floor);
  const auto describe = [&](std::size_t i, const Fit& fit) {
    return Describe(candidates_[i], models[i].equations, fit, fits.of[i].share);
  };
  Comparison out{.best = describe(fits.best, best),
                 .line = describe(fits.line, FitOf(fits.line, fits, series, variance_floor))};
  const auto rises = [&](const CourseFit& fit) {
    return fit.end_slope * fit.last_piece_seconds >= least_rise;
  };
  if (!rises(out.best) && !rises(out.line)) return std::nullopt;
  const NormalEquations& equations = models[fits.best].equations;
  if (fits.with_swing) {
    out.swing = swing_;
    out.swing_bytes = SwingBytes(equations, best);
  }
  out.effective_n = EffectiveN(inuse, equations, best);
  Weigh(out, fits, series, variance_floor);
  return out;
}

void CourseBook::Weigh(Comparison& out, const Fits& fits, const WhitenedSeries& series,
                       double variance_floor) const {
  const std::vector<Model>& models = fits.with_swing ? swinging_ : plain_;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const double going_on_from = std::max(0.0, kGoingOnShare * out.line.end_slope);
  double flat = kNone;
  double going_on = kNone;
  std::array<double, kCourseCount> of_course;
  of_course.fill(kNone);
  double weights = 0;
  double squares = 0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Likeliest& likeliest = fits.of[i];
    if (std::isinf(likeliest.unlikelihood)) continue;
    const double slope = EndSlope(models[i].equations, series, likeliest.share);
    double& side = slope > going_on_from ? going_on : flat;
    side = std::min(side, likeliest.unlikelihood);
    double& course = of_course[static_cast<std::size_t>(candidates_[i].course)];
    course = std::min(course, likeliest.unlikelihood);
    const double weight = std::exp((out.best.bic - Bic(likeliest.unlikelihood)) / 2);
    if (weight < kNegligibleWeight) continue;
    const double variance = EndSlopeVariance(
        models[i].equations, FitOf(i, fits, series, variance_floor), likeliest.share);
    weights += weight;
    squares += weight * (variance + std::pow(slope - out.best.end_slope, 2));
  }
  out.end_slope_error = std::sqrt(squares / weights);
  out.bic_flat = Bic(flat);
  out.bic_going_on = Bic(going_on);
  double sum = 0;
  for (std::size_t c = 0; c < kCourseCount; ++c) {
    out.weights[c] = std::exp((out.best.bic - Bic(of_course[c])) / 2);
    sum += out.weights[c];
  }
  for (double& weight : out.weights) weight /= sum;
}

WhitenedSeries CourseBook::Whiten(std::span<const double> values) const {
  const std::vector<PerShare> whitened = whitener_->Apply(values);
  WhitenedSeries out{.moments = {}, .square = PerShare::Zero(), .rows = whitened.size()};
  for (const PerShare& row : whitened) out.square += row * row;
  out.moments.reserve(columns_.size());
  for (const Column& column : columns_) {
    if (column.rest) {
      out.moments.emplace_back(out.moments[line_column_] - out.moments[*column.rest]);
      continue;
    }
    PerShare sum = PerShare::Zero();
    for (std::size_t k = column.first_row; k < whitened.size(); ++k)
      sum += column.whitened[k] * whitened[k];
    out.moments.push_back(sum);
  }
  return out;
}

std::optional<Comparison> CourseBook::Compare(std::span<const double> inuse, double variance_floor,
                                              double least_rise) const {
  if (!whitener_) return std::nullopt;
  const WhitenedSeries series = Whiten(inuse);
  const Fits plain = FitAll(series, variance_floor, false);
  if (!swinging_.empty()) {
    const Fits swinging = FitAll(series, variance_floor, true);
    if (swinging.of[swinging.best].unlikelihood < plain.of[plain.best].unlikelihood)
      return Summarize(swinging, inuse, series, variance_floor, least_rise);
  }
  return Summarize(plain, inuse, series, variance_floor, least_rise);
}

}  // namespace heapwatch
