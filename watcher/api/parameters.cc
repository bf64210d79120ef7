#include "watcher/api/parameters.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace heapwatch {
namespace {

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

std::string OneOf(std::span<const std::string_view> names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

Result<void> CheckParameters(const HttpRequest& request, std::span<const std::string_view> known) {
  for (auto it = request.query.begin(); it != request.query.end(); ++it) {
    if (std::find(known.begin(), known.end(), it->first) == known.end()) {
      return Bad("\"" + it->first + "\" is not a parameter of " + request.path +
                 (known.empty() ? ", which takes none" : ": give " + OneOf(known)));
    }
    if (request.query.count(it->first) > 1) return Bad("\"" + it->first + "\" is given twice");
  }
  return {};
}

Result<std::string_view> RequiredParameter(const HttpRequest& request, std::string_view name) {
  const std::string_view value = request.Query(name);
  if (value.empty()) return Bad("\"" + std::string(name) + "\" is missing");
  return value;
}

Result<Time> TimeParameter(const HttpRequest& request, std::string_view name, Time now) {
  const auto text = RequiredParameter(request, name);
  if (!text) {
    return Bad(text.error().message +
               ": give RFC 3339 (2026-01-31T12:00:00Z), 2026-01-31 12:00 (UTC), Unix seconds, or "
               "now-3h");
  }
  auto time = ParseTime(*text, now);
  if (!time) return Fail(time.error().In(name));
  return time;
}

Result<Time> TimeParameterOr(const HttpRequest& request, std::string_view name, Time now,
                             Time otherwise) {
  if (request.Query(name).empty()) return otherwise;
  return TimeParameter(request, name, now);
}

Result<bool> FlagParameter(const HttpRequest& request, std::string_view name) {
  const std::string_view value = request.Query(name);
  if (value.empty() || value == "0" || value == "false") return false;
  if (value == "1" || value == "true") return true;
  return Bad(std::string(name) + ": \"" + std::string(value) + "\" is neither true nor false");
}

Result<std::size_t> CountParameterOr(const HttpRequest& request, std::string_view name,
                                     std::size_t otherwise, std::size_t most) {
  const std::string_view text = request.Query(name);
  if (text.empty()) return otherwise;
  std::size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 1 || value > most) {
    return Bad(std::string(name) + ": \"" + std::string(text) + "\" is not a number from 1 to " +
               std::to_string(most));
  }
  return value;
}

Result<std::string_view> ChoiceParameter(const HttpRequest& request, std::string_view name,
                                         std::span<const std::string_view> choices) {
  const std::string_view value = request.Query(name);
  if (value.empty()) return choices.front();
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    return Bad(std::string(name) + ": \"" + std::string(value) + "\" is unknown: give " +
               OneOf(choices));
  }
  return value;
}

std::vector<std::size_t> EvenlySpread(std::size_t size, std::size_t points) {
  const std::size_t count = std::min(size, points);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i)
    chosen.push_back(count == 1 ? size - 1 : i * (size - 1) / (count - 1));
  return chosen;
}

Result<TimeRange> TimeRangeParameters(const HttpRequest& request, Time now, Duration otherwise) {
  const auto to = TimeParameterOr(request, "to", now, now);
  if (!to) return Fail(to.error());
  const auto from = TimeParameterOr(request, "from", now, *to - otherwise);
  if (!from) return Fail(from.error());
  if (*from > *to) {
    return Bad("from (" + FormatRfc3339(*from) + ") lies after to (" + FormatRfc3339(*to) + ")");
  }
  return TimeRange{*from, *to};
}

}  // namespace heapwatch
