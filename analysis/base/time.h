// Moments and durations, in milliseconds since the Unix epoch, and their text forms.
//
// Pure: nothing here reads a clock; whoever needs "now" is handed it (see Clock in watcher/net).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/base/error.h"

namespace heapwatch {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;

inline Time FromUnixMillis(std::int64_t ms) { return Time(Duration(ms)); }
inline std::int64_t ToUnixMillis(Time t) { return t.time_since_epoch().count(); }
inline double ToUnixSeconds(Time t) { return static_cast<double>(ToUnixMillis(t)) / 1000.0; }
inline double Seconds(Duration d) { return static_cast<double>(d.count()) / 1000.0; }
inline double Hours(Duration d) { return Seconds(d) / 3600.0; }

// "2026-11-22T16:50:29.123Z"; the fraction is left out where it is zero.
std::string FormatRfc3339(Time t);

// RFC 3339 ("2026-11-22T16:50:29Z", "...+01:00"), as people write UTC ("2026-11-22 16:50"), Unix
// seconds ("1795345918.892"), or relative to `now` ("now", "now-3h").
Result<Time> ParseTime(std::string_view text, Time now);

// Prometheus' form: "15s", "1h30m", "250ms", "2d", "1w", "1y", "0". Units go from large to small,
// each at most once.
Result<Duration> ParseDuration(std::string_view text);

// The inverse: "1h30m", "0s".
std::string FormatDuration(Duration d);

}  // namespace heapwatch
