#include "analysis/trend/plateau.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace heapwatch {
namespace {

constexpr std::size_t kMinBins = 12;
constexpr std::array<double, 9> kPlaces = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr std::array<double, 6> kTimeConstants = {0.05, 0.1, 0.2, 0.35, 0.6, 1.2};
// A course whose slope at the end is below this share of the line's is levelling off.
constexpr double kGoingOnShare = 0.5;

// A column of the design: a function of t in [0, 1], and its slope at t = 1.
struct Column {
  std::vector<double> values;
  double end_slope = 0;
};

struct Candidate {
  Course course;
  std::array<std::size_t, 2> x = {};  // columns
  std::size_t count = 0;
  std::size_t searched = 0;  // parameters found by search
  double place = 0;          // share of the window
  bool by_work = false;
};

template <class F>
Column Tabulate(std::span<const double> t, double end_slope, F f) {
  Column column{.values = {}, .end_slope = end_slope};
  column.values.reserve(t.size());
  for (const double x : t) column.values.push_back(f(x));
  return column;
}

std::vector<double> Normalized(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  const double first = out.front();
  const double length = out.back() - first;
  for (double& v : out) v = length > 0 ? (v - first) / length : 0;
  return out;
}

class Design {
 public:
  explicit Design(const CourseInput& input);

  std::vector<Column> columns;  // [0] is the series itself, [1] the load where known
  std::vector<Candidate> candidates;
  std::size_t load_column = 0;

 private:
  std::size_t Add(Column column) {
    columns.push_back(std::move(column));
    return columns.size() - 1;
  }
  void Propose(Course course, std::initializer_list<std::size_t> x, std::size_t searched,
               double place, bool by_work = false) {
    Candidate candidate{.course = course,
                        .x = {},
                        .count = x.size(),
                        .searched = searched,
                        .place = place,
                        .by_work = by_work};
    std::copy(x.begin(), x.end(), candidate.x.begin());
    candidates.push_back(candidate);
  }
};

Design::Design(const CourseInput& input) {
  Add({.values = {input.inuse.begin(), input.inuse.end()}, .end_slope = 0});
  if (!input.load.empty()) {
    load_column = Add({.values = {input.load.begin(), input.load.end()}, .end_slope = 0});
  }
  const std::vector<double> t = Normalized(input.seconds);
  Propose(Course::kConstant, {}, 0, 0);
  const std::size_t line = Add(Tabulate(t, 1, [](double x) { return x; }));
  Propose(Course::kLine, {line}, 0, 0);
  if (!input.work.empty()) {
    const std::vector<double> work = Normalized(input.work);
    Propose(Course::kLine, {Add({.values = work, .end_slope = 1})}, 0, 0, true);
  }
  for (const double c : kPlaces) {
    const std::size_t early = Add(Tabulate(t, 0, [c](double x) { return std::min(x, c); }));
    const std::size_t late = Add(Tabulate(t, 1, [c](double x) { return std::max(x - c, 0.0); }));
    const std::size_t step = Add(Tabulate(t, 0, [c](double x) { return x >= c ? 1.0 : 0.0; }));
    Propose(Course::kStep, {step}, 1, c);
    Propose(Course::kRampThenFlat, {early}, 1, c);
    Propose(Course::kFlatThenRamp, {late}, 1, c);
    Propose(Course::kStepAndLine, {step, line}, 1, c);
    Propose(Course::kHinge, {early, late}, 1, c);
  }
  for (const double tau : kTimeConstants) {
    const double end_slope = std::exp(-1 / tau) / tau;
    const std::size_t curve =
        Add(Tabulate(t, end_slope, [tau](double x) { return -std::expm1(-x / tau); }));
    Propose(Course::kSaturating, {curve}, 1, tau);
    if (tau < 0.5) Propose(Course::kSaturatingAndLine, {curve, line}, 1, tau);
  }
}

CourseFit Describe(const Candidate& candidate, const Design& design, const Fit& fit, double length,
                   double bins, bool with_load) {
  CourseFit out{.course = candidate.course, .by_work = candidate.by_work};
  out.place_seconds = candidate.place * length;
  out.walk_share = fit.walk_share;
  const auto parameters =
      static_cast<double>(candidate.count + candidate.searched + (with_load ? 1 : 0));
  out.bic = parameters * std::log(bins) - 2 * fit.log_likelihood;
  double slope = 0;
  double variance = 0;
  for (std::size_t i = 0; i < candidate.count; ++i) {
    const double a = design.columns[candidate.x[i]].end_slope;
    slope += a * fit.coefficient[i];
    for (std::size_t j = 0; j < candidate.count; ++j) {
      variance += a * design.columns[candidate.x[j]].end_slope * fit.covariance[i][j];
    }
  }
  out.end_slope = slope / length;
  out.end_slope_error = std::sqrt(std::max(0.0, variance)) / length;
  const bool broken = candidate.course == Course::kFlatThenRamp ||
                      candidate.course == Course::kHinge ||
                      candidate.course == Course::kRampThenFlat;
  out.last_piece_seconds = broken ? (1 - candidate.place) * length : length;
  return out;
}

// The most likely fit of each candidate over all walk shares.
std::vector<Fit> FitAll(const Design& design, const CourseInput& input, bool with_load) {
  std::vector<Fit> best(design.candidates.size());
  for (const double share : kWalkShares) {
    const Whitener whitener(input.seconds, share);
    std::vector<std::vector<double>> whitened;
    whitened.reserve(design.columns.size());
    for (const Column& column : design.columns) whitened.push_back(whitener.Apply(column.values));
    const Gram gram(whitened, whitener.log_determinant());
    for (std::size_t i = 0; i < design.candidates.size(); ++i) {
      const Candidate& candidate = design.candidates[i];
      std::array<std::size_t, kMaxColumns> x = {};
      std::copy_n(candidate.x.begin(), candidate.count, x.begin());
      std::size_t count = candidate.count;
      if (with_load) x[count++] = design.load_column;
      Fit fit = gram.Solve(0, std::span(x).first(count), input.variance_floor);
      if (!fit.valid || (best[i].valid && fit.log_likelihood <= best[i].log_likelihood)) continue;
      fit.walk_share = share;
      best[i] = fit;
    }
  }
  return best;
}

std::vector<CourseFit> DescribeAll(const Design& design, const CourseInput& input, bool with_load) {
  const double length = input.seconds.back() - input.seconds.front();
  const auto bins = static_cast<double>(input.seconds.size());
  const std::vector<Fit> fits = FitAll(design, input, with_load);
  std::vector<CourseFit> out;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (!fits[i].valid) continue;
    out.push_back(Describe(design.candidates[i], design, fits[i], length, bins, with_load));
  }
  return out;
}

double BestBic(const std::vector<CourseFit>& fits) {
  double best = std::numeric_limits<double>::infinity();
  for (const CourseFit& fit : fits) best = std::min(best, fit.bic);
  return best;
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

std::optional<Comparison> CompareCourses(const CourseInput& input) {
  if (input.seconds.size() < kMinBins || input.seconds.back() <= input.seconds.front()) {
    return std::nullopt;
  }
  const Design design(input);
  std::vector<CourseFit> fits = DescribeAll(design, input, false);
  Comparison out;
  if (!input.load.empty()) {
    std::vector<CourseFit> loaded = DescribeAll(design, input, true);
    if (BestBic(loaded) < BestBic(fits)) {
      fits = std::move(loaded);
      out.load_used = true;
    }
  }
  if (fits.empty()) return std::nullopt;
  out.bic_flat = out.bic_going_on = std::numeric_limits<double>::infinity();
  const CourseFit* line = nullptr;
  const CourseFit* best = fits.data();
  for (const CourseFit& fit : fits) {
    if (fit.bic < best->bic) best = &fit;
    if (fit.course == Course::kLine && (line == nullptr || fit.bic < line->bic)) line = &fit;
  }
  if (line == nullptr) return std::nullopt;
  for (const CourseFit& fit : fits) {
    const bool going_on = fit.end_slope > kGoingOnShare * line->end_slope;
    double& side = going_on ? out.bic_going_on : out.bic_flat;
    side = std::min(side, fit.bic);
  }
  out.best = *best;
  out.line = *line;
  return out;
}

}  // namespace heapwatch
