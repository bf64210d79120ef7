// A window of a life cut into equal stretches of time: the resolution every fit works at.
//
// Means over bins cost little power (a trend is slow beside a bin), even out irregular spacing and
// bound the work whatever the number of scrapes. A window with fewer observations than bins keeps
// each observation as its own bin. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analysis/series/site_window.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

struct Bins {
  // Bin k holds the distinct observations [begin[k], begin[k + 1]) of the timeline; none is empty.
  std::vector<std::size_t> begin;
  std::vector<double> seconds;  // mean time of its observations, since the start of the life
  double start_seconds = 0;     // of the window
  double end_seconds = 0;

  std::size_t size() const { return seconds.size(); }
  double length_seconds() const { return end_seconds - start_seconds; }
  // The first bin at or after `second`; size() where there is none.
  std::size_t first_from(double second) const;
};

// The observations of `life` from `start_seconds` on, in at most `count` bins.
Bins MakeBins(const Timeline& life, double start_seconds, std::size_t count);

// Of values[from] up to values[to - 1]; 0 of none.
double MeanBetween(std::span<const double> values, std::size_t from, std::size_t to);

// Sums of the values before each distinct observation of the life, and of all of them: exact for
// bytes. The mean of any stretch is a difference of two.
std::vector<double> CumulativeSums(std::span<const double> values);

// Mean in each bin of values whose CumulativeSums are given.
std::vector<double> BinMeans(const Bins& bins, std::span<const double> sums);

// Rate of a cumulative quantity in each bin, per second: from the last observation of the bin
// before to its own last.
std::vector<double> BinRates(const Bins& bins, const Timeline& life,
                             std::span<const double> values);

// What a site allocated in a window, and its rate in each bin as BinRates has it, for those that
// need no more of it: far cheaper than its series.
double AllocatedBytes(const Bins& bins, const SiteWindow& window, const Timeline& life,
                      SiteId site);
std::vector<double> AllocationRates(const Bins& bins, const SiteWindow& window,
                                    const Timeline& life, SiteId site);

// A site's quantity, summed over its block sizes, at each distinct observation of the life.
std::vector<double> SiteSeries(const SiteWindow& window, const Timeline& life, SiteId site,
                               Quantity quantity);

}  // namespace heapwatch
