#include "analysis/base/units.h"

#include <array>
#include <charconv>
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

std::string FormatRange(const std::string& low, const std::string& high) {
  if (low == high) return low;
  return low + (low.starts_with('-') ? " to " : "-") + high;
}

std::string FormatFixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
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

std::string FormatNumber(double number) {
  std::array<char, 32> text{};
  const auto [end, code] = std::to_chars(text.data(), text.data() + text.size(), number);
  return std::string(text.data(), code == std::errc() ? end : text.data());
}

Result<std::int64_t> ParseBytes(std::string_view text) {
  static constexpr std::string_view kPrefixes = "KMGTPE";
  double number = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  bool known = unit.empty() || unit == "B";
  if (!known && unit.size() <= 3 && unit.ends_with('B') && (unit.size() == 2 || unit[1] == 'i')) {
    const std::size_t power = kPrefixes.find(unit[0]);
    known = power != std::string_view::npos;
    if (known) number = std::ldexp(number, 10 * (static_cast<int>(power) + 1));
  }
  // 2^62: larger than any memory, and safe to convert.
  if (code != std::errc() || !known || !std::isfinite(number) || number < 0 || number > 0x1p62)
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(text) + "\" is not a size: write it like 512KB, 64MB or 1.5GB");
  return static_cast<std::int64_t>(number);
}

}  // namespace heapwatch
