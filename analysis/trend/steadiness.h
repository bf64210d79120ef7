// Two plain questions that a fitted curve may answer wrongly, put to the values themselves: does
// the site grow in every part of the stretch, and is it higher than it has ever been? Steps,
// bursts, fills that ended and buffers that are flushed fail one of them, whatever their
// best-fitting curve looks like. Pure.
#pragma once

#include <span>

namespace heapwatch {

// Whether each third of the stretch brought its fair share of the growth. `clock` (time, or work
// done) and `level` are per bin; the stretch runs from `from` to the last bin. A share is fair from
// half of a third on, the last from six tenths on, less `slack` for noise (one standard error of a
// third's growth); a third that brought next to nothing is never fair. Where a third ends in a gap
// the level is taken to lie on the line across it.
bool GrowsInEveryThird(std::span<const double> clock, std::span<const double> level, double from,
                       double growth, double slack);

// How far the last level lies above the highest one before the latest large give-back, a fall of at
// least `fall` from the highest level so far. Where nothing was given back: above the first level.
double RiseSinceGiveBack(std::span<const double> level, double fall);

// How far the floor has risen where memory is given back again and again: a buffer is flushed to
// the same level each time, but the troughs of an array that is copied to grow, or of a leak
// beneath a flushed buffer, lie each above the one before. Falls and rises of at least `swing`
// count as such; the latest trough less the first level, 0 where there are fewer than three troughs
// or one lies below an earlier one.
double RiseOfTroughs(std::span<const double> level, double swing);

}  // namespace heapwatch
