// What this process uses of its machine, as Linux tells it: for the process_* metrics. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heapwatch {

struct ProcessStats {
  double cpu_seconds = 0;
  double start_time_unix_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t virtual_bytes = 0;
  std::int64_t threads = 0;
  std::int64_t open_fds = 0;
  std::int64_t max_fds = 0;
};

// nullopt where /proc is not there.
std::optional<ProcessStats> ReadProcessStats();

// The fields of /proc/self/stat and the boot time, put together; for ReadProcessStats and its test.
std::optional<ProcessStats> ParseProcessStat(std::string_view stat, double boot_unix_seconds,
                                             double ticks_per_second, std::int64_t page_bytes);

}  // namespace heapwatch
