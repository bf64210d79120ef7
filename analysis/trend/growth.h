// Judges the growth of one site over one window: how large, how sure, of which shape, and since
// when. Pure.
#pragma once

#include <optional>
#include <span>

#include "analysis/trend/analyze.h"
#include "analysis/trend/bins.h"
#include "analysis/trend/noise.h"
#include "analysis/trend/plateau.h"
#include "analysis/trend/site_life.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

// What all sites of the target share over one window of the life.
struct TrendWindow {
  Bins bins;
  std::vector<double> load;  // per bin; empty: unknown
  std::vector<double> work;
  CourseBook courses;
};

struct Growth {
  Comparison shape;
  double start_seconds = 0;   // where the last piece of its course begins, in the life
  double growth_bytes = 0;    // slope times length of the last piece
  double standard_error = 0;  // of that, from sampling alone
  double z = 0;
  // Slope over its standard error in the fit of the chosen course, as if that were known to be the
  // true one. The interval of the verdict allows for the others, and is asked besides.
  double fit_z = 0;
  // The level now above the highest before the latest give-back, or how far the troughs between
  // give-backs have risen, whichever is more.
  double above_give_backs_bytes = 0;
  bool in_every_third = false;      // grows throughout its last piece, not in one leap
  bool keeps_pace = false;          // grows at its end, and as fast as before
  double load_share = 0;            // of the growth, that more load alone would bring
  std::optional<double> retention;  // bytes that stayed per byte allocated meanwhile
  bool began_mid_life = false;      // while the process ran, at a site that stood still before
  bool levels_off = false;          // its best course is flat, or nearly so, at the end
  // A longer window that holds this one's growth has a saturating curve for its best course. Part
  // of such a curve looks like a line.
  bool tail_of_curve = false;
  bool unresolved = false;  // a course that levels off fits about as well as one that goes on
};

TrendWindow MakeTrendWindow(Bins bins, std::vector<double> load);

// nullopt where there is nothing to judge, as neither the growth nor a straight line through the
// window would come to `material` bytes. `sums` are the CumulativeSums of the site's bytes. What
// needs more than the window is left to the caller: above_give_backs_bytes, load_share and
// tail_of_curve.
std::optional<Growth> MeasureGrowth(const Timeline& life, const SiteLife& site,
                                    std::span<const double> sums, const TrendWindow& window,
                                    double material);

// The site's levels per bin; from a day on with the swings of load and day taken out, as the best
// course has them: what the night takes the day brings back.
std::vector<double> LevelsWithoutSwing(const SiteLife& site, std::span<const double> sums,
                                       const TrendWindow& window);

// Growth::above_give_backs_bytes, by the levels of the whole life.
double AboveGiveBacks(std::span<const double> levels, double growth_bytes);

// Samples of one class within [start, end] seconds of the life, the levels at the ends averaged
// over a few observations.
SampleCounts CountSamples(const Timeline& life, const SiteLife::Class& cls, double start_seconds);

// Of slope times length since `start_seconds`, from sampling alone, in bytes squared.
double SamplingVariance(const Timeline& life, const SiteLife& site, double start_seconds);

}  // namespace heapwatch
