// Numbers as people read them. Sizes use binary prefixes, as pprof does.
#pragma once

#include <cstdint>
#include <string>

namespace heapwatch {

// "512 B", "3.1 MiB", "-1.4 GiB": three significant digits at most, one decimal.
std::string FormatBytes(double bytes);
// "3.1 MiB/h". Growth is told per hour, allocation per second.
std::string FormatBytesPerHour(double bytes_per_hour);
std::string FormatBytesPerSecond(double bytes_per_second);
// "1,234,567".
std::string FormatCount(std::int64_t count);

}  // namespace heapwatch
