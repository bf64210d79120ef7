#include "analysis/base/time.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace heapwatch {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 86'400'000},
                                         {"w", 7LL * 86'400'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};
// Timers count 64 bits of nanoseconds, which is 292 years: this leaves room for sums.
constexpr std::int64_t kMostYears = 100;

// Reads exactly `digits` decimal digits at `at` and moves behind them.
std::optional<int> ReadDigits(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i, ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

bool Skip(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// The offset from UTC at `at`: "Z" or "+hh:mm".
std::optional<Duration> ReadOffset(std::string_view text, std::size_t& at) {
  if (Skip(text, at, "Zz")) return Duration(0);
  const bool west = at < text.size() && text[at] == '-';
  if (!Skip(text, at, "+-")) return std::nullopt;
  const auto hours = ReadDigits(text, at, 2);
  if (!hours || !Skip(text, at, ":")) return std::nullopt;
  const auto minutes = ReadDigits(text, at, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

// With a space before the hour, as people write it, seconds and offset may be left out: UTC.
std::optional<Time> ParseRfc3339(std::string_view text) {
  std::size_t at = 0;
  const auto year = ReadDigits(text, at, 4);
  if (!year || !Skip(text, at, "-")) return std::nullopt;
  const auto month = ReadDigits(text, at, 2);
  if (!month || !Skip(text, at, "-")) return std::nullopt;
  const auto day = ReadDigits(text, at, 2);
  const bool is_loose = at < text.size() && text[at] == ' ';
  if (!day || !Skip(text, at, "Tt ")) return std::nullopt;
  const auto hour = ReadDigits(text, at, 2);
  if (!hour || !Skip(text, at, ":")) return std::nullopt;
  const auto minute = ReadDigits(text, at, 2);
  const bool has_seconds = minute && Skip(text, at, ":");
  const auto second = has_seconds ? ReadDigits(text, at, 2) : std::optional(0);
  if (!minute || !second || !(has_seconds || is_loose)) return std::nullopt;
  std::int64_t ms = 0;
  if (has_seconds && Skip(text, at, ".")) {
    std::int64_t scale = 100;
    const std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      ms += scale * (text[at] - '0');
    if (at == first) return std::nullopt;
  }
  const auto offset =
      is_loose && at == text.size() ? std::optional(Duration(0)) : ReadOffset(text, at);
  if (!offset || at != text.size()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Duration(ms) - *offset;
}

}  // namespace

std::string FormatRfc3339(Time t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(t - day);
  std::array<char, 80> text{};
  const int n = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<std::size_t>(n));
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(ms));
    out += text.data();
  }
  return out + "Z";
}

Result<Time> ParseTime(std::string_view text, Time now) {
  if (text == "now") return now;
  if (text.starts_with("now-") || text.starts_with("now+")) {
    auto offset = ParseDuration(text.substr(4));
    if (!offset) return Fail(offset.error());
    return text[3] == '-' ? now - *offset : now + *offset;
  }
  double seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // Beyond the year 9999 a number is milliseconds given by mistake, or nonsense.
  if (code == std::errc() && end == text.data() + text.size() && seconds >= 0 &&
      seconds < 253'402'300'800.0)
    return FromUnixMillis(std::llround(seconds * 1000.0));
  if (const auto t = ParseRfc3339(text)) return *t;
  return Fail(
      ErrorCode::kInvalidArgument,
      "\"" + std::string(text) +
          "\" is not a time: give RFC 3339 (2026-01-31T12:00:00Z), 2026-01-31 12:00 (UTC), Unix "
          "seconds, or now-3h");
}

Result<Duration> ParseDuration(std::string_view text) {
  const auto bad = [&] {
    return Fail(
        ErrorCode::kInvalidArgument,
        "\"" + std::string(text) + "\" is not a duration: write it like 15s, 5m, 1h30m or 7d");
  };
  if (text == "0") return Duration(0);
  std::int64_t total = 0;
  std::size_t at = 0;
  std::size_t next_unit = 0;
  while (at < text.size()) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (code != std::errc() || number < 0) return bad();
    at = static_cast<std::size_t>(end - text.data());
    std::size_t unit_end = at;
    while (unit_end < text.size() && (text[unit_end] < '0' || text[unit_end] > '9')) ++unit_end;
    const std::string_view name = text.substr(at, unit_end - at);
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) return bad();
    if (number > (kMostYears * kUnits[0].ms - total) / kUnits[unit].ms)
      return Fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) +
                                                   "\" is too long a duration: at most " +
                                                   std::to_string(kMostYears) + "y");
    total += number * kUnits[unit].ms;
    next_unit = unit + 1;
    at = unit_end;
  }
  if (text.empty()) return bad();
  return Duration(total);
}

std::string FormatDuration(Duration d) {
  std::int64_t ms = d.count();
  if (ms == 0) return "0s";
  std::string out = ms < 0 ? "-" : "";
  ms = ms < 0 ? -ms : ms;
  for (const Unit& unit : kUnits) {
    if (unit.name == "y" || unit.name == "w") continue;
    if (ms < unit.ms) continue;
    out += std::to_string(ms / unit.ms) + std::string(unit.name);
    ms %= unit.ms;
  }
  return out;
}

}  // namespace heapwatch
