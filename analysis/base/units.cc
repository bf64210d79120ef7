#include "analysis/base/units.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace heapwatch {

std::string FormatBytes(double bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = bytes;
  std::size_t unit = 0;
  // 1023.95 would print as "1024.0": move on to the next unit just before.
  while (std::fabs(value) >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  std::array<char, 32> text{};
  const bool whole = unit == 0 || std::fabs(value) >= 99.95;
  std::snprintf(text.data(), text.size(), whole ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string FormatBytesPerHour(double bytes_per_hour) { return FormatBytes(bytes_per_hour) + "/h"; }

std::string FormatBytesPerSecond(double bytes_per_second) {
  return FormatBytes(bytes_per_second) + "/s";
}

std::string FormatCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

}  // namespace heapwatch
