// Numbers as people read them. Sizes use binary prefixes, as pprof does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/base/error.h"

namespace heapwatch {

// "512 B", "3.1 MiB", "-1.4 GiB": three significant digits at most, one decimal.
std::string FormatBytes(double bytes);
// "3.1 MiB/h". Growth is told per hour, allocation per second.
std::string FormatBytesPerHour(double bytes_per_hour);
std::string FormatBytesPerSecond(double bytes_per_second);
// "2.6-3.7", or "-0.2 to 3.7" where a dash would be read as a sign.
std::string FormatRange(const std::string& low, const std::string& high);
// "0.3" of 0.312 and one decimal.
std::string FormatFixed(double value, int decimals);
// "1,234,567".
std::string FormatCount(std::int64_t count);
// "0.02", "250": the fewest digits that are read back as the same number.
std::string FormatNumber(double number);

// The inverse of FormatBytes, as Prometheus reads sizes: "512", "64KB", "1.5GiB"; KB is KiB, MB is
// MiB and so on.
Result<std::int64_t> ParseBytes(std::string_view text);

}  // namespace heapwatch
