// How long a growth must have gone on without levelling off before it is called a leak: the prior,
// since a fill in progress and a leak look alike. Pure; seconds.
//
// What is known of fills:
//   - They keep most of what is allocated for them. So the share that stays (Growth::retention) is the
//     best evidence there is: where a site gives back nearly all and keeps a little, the little is no
//     fill but something that most calls give back and some do not. The wait shrinks with the cube of
//     the retention: to an eighth at half the retention of a fill, to nothing below.
//   - Caches, pools and tables fill from the process' start on. What begins to grow while a process
//     runs has fewer innocent causes, and those (a batch, a buffer up to its flush) are shorter.
//   - Whatever it is must last for four warm-ups, so that no batch of work passes for a leak.
//   - Uneven work makes growths that pass. Where the slope is known far worse than sampling alone
//     lets it be, it is work that is uneven, and the wait, the least one too, grows with how much
//     worse it is known.
//   - Where allocations are not told the load may be what rose, and nothing is shortened.
// And of those who watch: who scrapes more often than once a minute expects things to happen
// faster. The usual wait shrinks with the power 1.5 of the spacing of the scrapes; one that was
// asked for does not.
//
// The wait alone does not rule out a fill that ended meanwhile: its flat end only lowers the slope
// and widens the interval. So the more it may be a fill, whenever it began, the better must be
// known how fast it grows (KnownShare).
//
// Example: scrapes a minute apart, growth since the process' start. Of what is allocated 80 %
// stays: 8 h. 20 %: (0.20 / 0.26)^3 of it, 3 h 38 min; twice that where the slope is known 3.2
// times worse than from sampling alone. 10 %: 27 min, hence four warm-ups.
#pragma once

#include <optional>

#include "analysis/trend/analyze.h"

namespace heapwatch {

struct PatienceInput {
  bool began_mid_life = false;
  // Bytes that stayed per byte allocated; absent where allocations are not told.
  std::optional<double> retention;
  // The standard error of the slope over what sampling alone would leave, 1 or more.
  double error_over_sampling = 1;
  double spacing_seconds = 0;  // of the scrapes
};

double PatienceSeconds(const PatienceInput& input, const TrendOptions& options);

// The least share of the slope that the lower end of its interval must come to: 0.4 where what is
// allocated stays, less as the wait is less for want of retention or by closer scrapes.
double KnownShare(const PatienceInput& input, const TrendOptions& options);

}  // namespace heapwatch
