#include "watcher/cli/site_cells.h"

#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "analysis/base/time.h"
#include "analysis/base/units.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr double kSecondsPerHour = 3600;

std::optional<double> Number(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// Whole minutes are enough this far ahead.
std::string Ahead(double minutes) {
  return FormatDuration(std::chrono::minutes(static_cast<std::int64_t>(std::min(minutes, 1e7))));
}

}  // namespace

std::string TextOf(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

Cell VerdictCell(const json::object& verdict) {
  const std::string kind = TextOf(verdict, "verdict");
  if (kind == "leak") return {kind, Colour::kRed};
  if (kind == "growing" || kind == "churn") return {kind, Colour::kYellow};
  return {kind, kind == "insufficient-data" ? Colour::kDim : Colour::kGreen};
}

Cell RateCell(const json::object& verdict) {
  if (TextOf(verdict, "verdict") == "churn")
    return {FormatBytesPerSecond(Number(verdict, "alloc_bytes_per_second").value_or(0)) +
            " allocated"};
  if (TextOf(verdict, "verdict") == "insufficient-data") return {};
  const auto slope = Number(verdict, "slope_bytes_per_second");
  if (!slope) return {};
  std::string text = FormatBytesPerHour(*slope * kSecondsPerHour);
  const auto low = Number(verdict, "slope_low_bytes_per_second");
  const auto high = Number(verdict, "slope_high_bytes_per_second");
  if (low && high)
    text += " (" + FormatBytes(*low * kSecondsPerHour) + " to " +
            FormatBytes(*high * kSecondsPerHour) + ")";
  return {std::move(text)};
}

Cell LiveCell(const json::object& verdict) {
  const auto bytes = Number(verdict, "inuse_bytes");
  return {bytes ? FormatBytes(*bytes) : ""};
}

Cell LimitCell(const json::object& verdict) {
  const auto low = Number(verdict, "to_limit_low_seconds");
  if (!low) return {};
  const auto high = Number(verdict, "to_limit_high_seconds");
  if (high && *high <= 0) return {"reached", Colour::kRed};
  const std::string soonest = Ahead(std::floor(*low / 60));
  return {high ? soonest + "-" + Ahead(std::ceil(*high / 60)) : "over " + soonest, Colour::kRed};
}

Cell LabelCell(const json::object& verdict, const char* name) {
  const json::value* labels = verdict.if_contains("labels");
  return {labels == nullptr ? "" : TextOf(labels->as_object(), name)};
}

}  // namespace heapwatch
