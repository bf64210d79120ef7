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
  bool operator==(const ProcessMetrics&) const = default;
};

Result<ProcessMetrics> ParseProcessMetrics(std::string_view text);

}  // namespace heapwatch
