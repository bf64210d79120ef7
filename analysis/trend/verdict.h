// What the analysis says of one site of one target, with everything needed to defend it.
//
// Slopes are in bytes per second (text shows MiB/h), intervals are 95 %. Evidence that could not be
// had (no alloc data, no limit) is absent, never zero.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/stretch.h"

namespace heapwatch {

enum class VerdictKind : std::uint8_t {
  kInsufficientData,  // too little was seen to say anything
  kStable,            // no growth beyond noise and load
  kPlateau,           // it grew and has levelled off
  kGrowing,           // it grows, and cannot yet be told from a cache that fills up
  kLeak,              // a climb that does not level off
  kChurn,             // memory is flat, but the garbage collector is kept busy from here
};
inline constexpr std::array kVerdictKinds = {
    VerdictKind::kInsufficientData, VerdictKind::kStable, VerdictKind::kPlateau,
    VerdictKind::kGrowing,          VerdictKind::kLeak,   VerdictKind::kChurn};
std::string_view ToString(VerdictKind kind);  // "insufficient-data", "stable", ...
std::optional<VerdictKind> VerdictKindFromString(std::string_view name);

// When a growth began, as far as the window shows.
enum class Onset : std::uint8_t {
  kProcessStart,  // with the process, or before it was first seen
  kDeploy,        // with a process that was the first one of another build
  kMidLife,       // while the process ran
};

// An interval of 95 % reaches so many standard errors to each side: those of a normal distribution,
// though the variance is estimated. Student's t would be 12 % wider at the fewest bins that are
// fitted, twelve, and 2 % at the usual 64.
inline constexpr double kTwoSided95 = 1.96;

struct Interval {
  double low = 0;
  double high = 0;
};

struct Verdict {
  SiteId site;  // into the window analysed
  VerdictKind kind = VerdictKind::kInsufficientData;
  std::string
      reason;  // one sentence for the on-call engineer: why this verdict and not its neighbour

  // The stretch the verdict rests on; its two ends are the snapshots to diff.
  Time from;
  Time to;

  double inuse_bytes = 0;
  double slope_bytes_per_second = 0;
  Interval slope_interval;
  double growth_bytes = 0;           // inuse at `to` minus inuse at `from`
  double growth_standard_error = 0;  // from the sampling of what was born and died in between
  // Growth over its standard error; infinite where every allocation was recorded.
  double z = 0;
  double effective_n = 0;  // independent observations the fit rests on
  std::string_view
      course;  // the best description of its shape: "a line", "a saturating curve", ...
  // How likely each course is beside the others that were fitted, likeliest first; those below 1 %
  // are left out.
  struct CourseWeight {
    std::string_view course;
    double weight = 0;
  };
  std::vector<CourseWeight> course_weights;
  // What the noise was worked out from: R, or the usual one where the profile does not tell it.
  double sampling_period_bytes = 0;
  bool sampling_period_told = false;
  Duration growing_for{0};     // how long it has grown on its present course
  std::optional<Onset> onset;  // of a growth
  // It grew in the same way before the latest restart, too; so a restart does not mend it, and
  // began before the build that runs now.
  bool carried_over_restart = false;
  // Whether the latest look alone would say otherwise: this stands until it is seen to end.
  bool only_stands = false;
  // Growing only: whether nothing but the wait for more evidence (TrendOptions::patience) keeps it
  // from being called a leak.
  bool only_patience_lacks = false;
  Duration patience{0};  // how long that wait is

  std::optional<double> alloc_bytes_per_second;
  std::optional<double>
      retention;  // share of what is allocated while it grows that stays, in bytes
  // Until the process' limit is reached at this slope, seconds; high may be infinite.
  std::optional<Interval> seconds_to_limit;

  // The bare figures of each part of the life (kStretchShares), whatever the verdict; absent before
  // the warm-up is over.
  std::array<std::optional<Stretch>, kStretchShares.size()> stretches = {};
};

}  // namespace heapwatch
