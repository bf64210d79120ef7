// What shape a growth has: does it level off or not? A family of courses is fitted and compared.
//
// Every course has the same noise (regression.h) and, where it helps, what comes and goes beside it
// as further columns: the load; where that is unknown, from two days on, the hour of the day (a
// sine and a cosine of 24 h).
// They differ in what they say of the end of the window:
//   constant, step                         flat
//   ramp until c, then flat                flat
//   saturating: 1 - exp(-t / tau)          levelling off
//   line in time, or in work done          goes on
//   flat until c, then ramp                goes on, began inside the window
//   step + line, saturating + line,
//   ramp + other ramp (hinge)              goes on at the slope of their last piece
// Compared by Schwarz' criterion (BIC = k ln n - 2 ln L; Annals of Statistics 6, 1978) on whitened
// values, of which there are as many as bins: a place c or tau that was searched for counts as a
// parameter. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/trend/bins.h"
#include "analysis/trend/regression.h"

namespace heapwatch {

inline constexpr double kDaySeconds = 86'400;

enum class Course : std::uint8_t {
  kConstant,
  kStep,
  kRampThenFlat,
  kSaturating,
  kLine,
  kFlatThenRamp,
  kStepAndLine,
  kSaturatingAndLine,
  kHinge,
};
inline constexpr std::size_t kCourseCount = 9;
std::string_view ToString(Course course);

struct CourseFit {
  Course course = Course::kConstant;
  bool by_work = false;      // in work done instead of wall-clock time
  double place_seconds = 0;  // c, since the window's start; or tau
  double bic = 0;
  double end_slope = 0;  // bytes per second at the end of the window
  double end_slope_error = 0;
  double last_piece_seconds = 0;  // how long the course has been on its last piece
};

// What comes and goes beside a course.
enum class Swing : std::uint8_t { kNone, kWithLoad, kWithHourOfDay };

struct Comparison {
  CourseFit best;
  CourseFit line;  // the better of time and work
  // Of the best course's end slope, allowing for another course being the true one: the root of the
  // mean over all, by their weights, of the square of their own error and of their slope's distance
  // from it (as Burnham and Anderson, section 4.3, has it for an averaged estimate).
  double end_slope_error = 0;
  // The best of those flat, or nearly so, at the end, and of those that go on.
  double bic_flat = 0;
  double bic_going_on = 0;
  // How likely each course is beside the others: exp(-BIC / 2) of its best fit, scaled to a sum of
  // one (Burnham and Anderson, Model selection and multimodel inference, 2002, section 6.4).
  std::array<double, kCourseCount> weights = {};
  Swing swing = Swing::kNone;
  std::vector<double> swing_bytes = {};  // what that brings in each bin; empty for kNone
  // As many independent values would tell as much as the values do about a mean, by the correlation
  // phi of neighbouring residuals of the best course: n (1 - phi) / (1 + phi) (Bayley and
  // Hammersley, The effective number of independent observations in an autocorrelated time series,
  // 1946).
  double effective_n = 0;
};

// All courses over one window: what depends on the times and the load is worked out once, for all
// sites.
class CourseBook {
 public:
  // Seconds of the bins, and how many observations one is the mean of; load and work empty where
  // unknown.
  CourseBook(std::span<const double> seconds, double observations_per_bin,
             std::span<const double> load, std::span<const double> work);

  // Puts another load into a book that has one: a fifth of the work of making the book anew.
  void SetLoad(std::span<const double> load, std::span<const double> work);
  bool has_load() const { return work_column_.has_value(); }

  // nullopt where there are too few bins to tell courses apart, or where neither the best course on
  // its last piece nor the line rises by `least_rise` bytes. Safe from any thread.
  std::optional<Comparison> Compare(std::span<const double> inuse, double variance_floor,
                                    double least_rise) const;

 private:
  // A column of the design: a function of t in [0, 1], and its slope at t = 1.
  struct Column {
    std::vector<double> values;
    double end_slope = 0;
    std::size_t first_row = 0;        // whitened rows before it are zero
    std::optional<std::size_t> rest;  // that column and this one add up to the line
    std::vector<PerShare> whitened;
  };
  struct Candidate {
    Course course = Course::kConstant;
    std::vector<std::size_t> x;  // columns
    std::size_t searched = 0;    // parameters found by search
    double place = 0;            // share of the window
    bool by_work = false;
  };
  // A candidate's normal equations, and by what its residual variance turns into unlikelihood:
  // infinite where the equations have no solution.
  struct Model {
    NormalEquations equations;
    PerShare unlikelihood_per_variance;
  };

  // Where a candidate is most likely, of all walk shares.
  struct Likeliest {
    // Orders as the BIC does: exp(BIC / rows) but for a constant factor. It needs no logarithm for
    // each of some hundred candidates.
    double unlikelihood = std::numeric_limits<double>::infinity();
    std::size_t share = 0;
  };
  struct Fits {
    bool with_swing = false;
    std::vector<Likeliest> of;  // each candidate
    std::size_t best = 0;       // candidates
    std::size_t line = 0;
  };

  void Tabulate(std::span<const double> load, std::span<const double> work);
  std::size_t Add(std::vector<double> values, double end_slope,
                  std::optional<std::size_t> rest = std::nullopt);
  void Propose(Course course, std::vector<std::size_t> x, std::size_t searched, double place,
               bool by_work = false);
  void Whiten(Column& column) const;
  // The models of all candidates, or only those in which the load or the work appear.
  void SetUp(bool only_load);
  Model MakeModel(const Candidate& candidate, bool with_swing) const;
  WhitenedSeries Whiten(std::span<const double> values) const;
  Fits FitAll(const WhitenedSeries& series, double variance_floor, bool with_swing) const;
  std::optional<Comparison> Summarize(const Fits& fits, std::span<const double> inuse,
                                      const WhitenedSeries& series, double variance_floor,
                                      double least_rise) const;
  // Fills in how the courses compare with the best one.
  void Weigh(Comparison& out, const Fits& fits, const WhitenedSeries& series,
             double variance_floor) const;
  std::vector<double> SwingBytes(const NormalEquations& equations, const Fit& fit) const;
  double EffectiveN(std::span<const double> inuse, const NormalEquations& equations,
                    const Fit& fit) const;
  double Bic(double unlikelihood) const;
  double EndSlope(const NormalEquations& equations, const WhitenedSeries& series,
                  std::size_t share) const;
  double EndSlopeVariance(const NormalEquations& equations, const Fit& fit,
                          std::size_t share) const;
  Fit FitOf(std::size_t candidate, const Fits& fits, const WhitenedSeries& series,
            double variance_floor) const;
  CourseFit Describe(const Candidate& candidate, const NormalEquations& equations, const Fit& fit,
                     std::size_t share) const;

  std::vector<double> seconds_;
  double length_ = 0;
  std::optional<Whitener> whitener_;  // absent: too few bins
  PerShare scale_;                    // exp(log determinant / rows)
  std::size_t line_column_ = 0;
  Swing swing_ = Swing::kNone;
  std::vector<std::size_t> swing_columns_;
  std::optional<std::size_t> work_column_;
  std::vector<Column> columns_;
  std::vector<Candidate> candidates_;
  std::vector<Model> plain_;     // of each candidate
  std::vector<Model> swinging_;  // with the swing; empty where there is none
};

}  // namespace heapwatch
