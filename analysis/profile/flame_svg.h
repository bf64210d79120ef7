// A diff as one self-contained SVG file: a differential flame graph that opens in any browser and
// travels by mail.
//
// The root is on top. A frame is as wide as all that changed below it, growth and shrinking both
// counted, so that a leak of 1 MiB in a heap of 10 GiB is not a hair's breadth. Red grew, blue
// shrank (shades that colour-blind readers tell apart; the sign stands on the frame too); the
// paler, the more of both cancels out, and palest is what lies within the sampling noise. Tooltips
// work everywhere; where scripts may run, a click zooms. Names are escaped, sizes bounded. Pure.
#pragma once

#include <string>

#include "analysis/profile/diff.h"
#include "analysis/profile/flame_tree.h"

namespace heapwatch {

std::string DiffToSvg(const ProfileDiff& diff, const FlameTreeOptions& options = {});

}  // namespace heapwatch
