// Query parameters as values. Errors are kInvalidArgument and name the parameter and what it may
// be.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "watcher/net/http.h"

namespace heapwatch {

// Refuses parameters that are not among `known`, and any that is given twice.
Result<void> CheckParameters(const HttpRequest& request, std::span<const std::string_view> known);

Result<std::string_view> RequiredParameter(const HttpRequest& request, std::string_view name);
Result<Time> TimeParameter(const HttpRequest& request, std::string_view name, Time now);
Result<Time> TimeParameterOr(const HttpRequest& request, std::string_view name, Time now,
                             Time otherwise);
// "1" or "true", "0" or "false"; absent is false.
Result<bool> FlagParameter(const HttpRequest& request, std::string_view name);
Result<std::size_t> CountParameterOr(const HttpRequest& request, std::string_view name,
                                     std::size_t otherwise, std::size_t most);
// One of `choices`; the first where the parameter is absent.
Result<std::string_view> ChoiceParameter(const HttpRequest& request, std::string_view name,
                                         std::span<const std::string_view> choices);

// "a, b or c", for messages.
std::string OneOf(std::span<const std::string_view> names);

// Which of `size` things to show where only `points` can be: evenly spread, with the first and the
// last. EvenlySpread(5, 3) is 0, 2, 4.
std::vector<std::size_t> EvenlySpread(std::size_t size, std::size_t points);

struct TimeRange {
  Time from;
  Time to;
};
// `from` and `to`; absent they are `otherwise` before now, and now.
Result<TimeRange> TimeRangeParameters(const HttpRequest& request, Time now, Duration otherwise);

}  // namespace heapwatch
