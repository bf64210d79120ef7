// What a target's own metrics say of its process, read from Prometheus' text format. Pure.
//
// The text is read strictly, line by line. Errors: kWrongFormat names the line and what was
// expected there. A metric that is missing, or stands there several times (of several processes),
// is unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/time.h"

namespace heapwatch {

struct ProcessMetrics {
  std::optional<std::int64_t> resident_bytes;      // process_resident_memory_bytes
  std::optional<std::int64_t> memory_limit_bytes;  // go_gc_gomemlimit_bytes, where one is set
  std::optional<Time> started;                     // process_start_time_seconds
  std::optional<double> cpu_seconds;               // process_cpu_seconds_total
  std::optional<double> gc_cpu_seconds;            // go_cpu_classes_gc_total_cpu_seconds_total
  std::optional<double> gc_cpu_fraction;  // go_memstats_gc_cpu_fraction, since the process' start
  bool operator==(const ProcessMetrics&) const = default;
};

Result<ProcessMetrics> ParseProcessMetrics(std::string_view text);

// The share of the process' CPU that its collector took since it was asked before, or since its
// start where it tells only that.
std::optional<double> GcCpuShare(const std::optional<ProcessMetrics>& before,
                                 const ProcessMetrics& now);

}  // namespace heapwatch
