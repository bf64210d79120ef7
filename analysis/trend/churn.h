// Garbage-collection churn: a site whose objects die young and in bulk, so that the collector is
// kept busy while memory stays flat. Mean lifetime by Little's law: live bytes / bytes allocated
// per second. Pure.
#pragma once

#include <optional>
#include <span>

#include "analysis/base/time.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

struct ChurnRate {
  double alloc_bytes_per_second = 0;
  // In the third of the stretch in which it was least: one burst makes no churn.
  double least_alloc_bytes_per_second = 0;
  double inuse_bytes = 0;  // mean
  double seconds = 0;      // the stretch looked at
};

// Over the last `stretch` of the life; nullopt where fewer than two observations lie in it.
std::optional<ChurnRate> RecentChurn(const Timeline& life, std::span<const double> inuse,
                                     std::span<const double> alloc, Duration stretch);

// What may count as live of a site only because it was just being used: a second's allocation. A
// collector that runs beside the program keeps all that is allocated while it marks, and marking
// takes the longer the larger the heap (Go: "A Guide to the Go Garbage Collector"). So where the
// heap grows, such a site seems to grow with it.
double InFlightBytes(const ChurnRate& rate);

bool IsChurn(const ChurnRate& rate, const TrendOptions& options);

}  // namespace heapwatch
