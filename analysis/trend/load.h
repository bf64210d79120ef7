// The load of a process, read off its allocation rates, and the clock that runs with it.
//
// By Little's law memory that serves requests is proportional to the request rate; what a leak adds
// is proportional to the requests served so far. So the analysis wants the load of each bin as a
// regressor and its integral as an alternative to wall-clock time. Nobody tells us the load, but
// every site allocates in step with it: the median, over the sites sampled well enough, of a site's
// rate divided by its own mean is robust against a burst at a few of them. Pure.
#pragma once

#include <span>
#include <vector>

#include "analysis/trend/bins.h"

namespace heapwatch {

// Whether so many sampled allocations over so many bins tell a site's rate in each of them.
bool TellsLoad(double sampled_allocations, std::size_t bins);

// Load in each bin, its mean over time being 1, from the rates of sites that tell it. Empty where
// there are none.
std::vector<double> LoadIndex(std::span<const std::vector<double>> site_rates);

// Seconds of work at mean load done until the middle of each bin: wall-clock time stretched by the
// load.
std::vector<double> WorkSeconds(const Bins& bins, std::span<const double> load);

}  // namespace heapwatch
