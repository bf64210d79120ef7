// How long a growth must have gone on without levelling off before it is called a leak: the prior,
// since a fill in progress and a leak look alike. Pure; seconds.
//
// Caches and pools fill from the process' start on and buffers fill until they are flushed; growth
// that begins later in a process' life has fewer innocent causes. What is filled keeps nearly all
// that is allocated for it. Where only a small part of what a site allocates stays, it is no fill
// but something that most calls give back and some do not: then the wait shrinks in proportion.
#pragma once

#include <optional>

#include "analysis/trend/analyze.h"

namespace heapwatch {

struct PatienceInput {
  bool began_mid_life = false;
  std::optional<double> retention;        // bytes that stayed per byte allocated
  std::optional<double> spacing_seconds;  // of the scrapes; absent: as TrendOptions expects it
};

double PatienceSeconds(const PatienceInput& input, const TrendOptions& options);

}  // namespace heapwatch
