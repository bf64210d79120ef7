// What shape a growth has: does it level off or not? A family of courses is fitted and compared.
//
// Every course has the same noise (regression.h) and, where it helps, the load as a further column.
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

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/trend/bins.h"
#include "analysis/trend/regression.h"

namespace heapwatch {

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
std::string_view ToString(Course course);

struct CourseFit {
  Course course = Course::kConstant;
  bool by_work = false;      // in work done instead of wall-clock time
  double place_seconds = 0;  // c, since the window's start; or tau
  double bic = 0;
  double end_slope = 0;  // bytes per second at the end of the window
  double end_slope_error = 0;
  double last_piece_seconds = 0;  // how long the course has been on its last piece
  double walk_share = 0;
};

struct Comparison {
  CourseFit best;
  CourseFit line;  // the better of time and work
  // The best of those flat, or nearly so, at the end, and of those that go on.
  double bic_flat = 0;
  double bic_going_on = 0;
  bool load_used = false;
};

struct CourseInput {
  std::span<const double> seconds;  // of the bins
  std::span<const double> inuse;    // bytes
  std::span<const double> load;     // empty: unknown
  std::span<const double> work;     // empty: unknown
  double variance_floor = 1;
};

// nullopt where there are too few bins to tell courses apart.
std::optional<Comparison> CompareCourses(const CourseInput& input);

}  // namespace heapwatch
