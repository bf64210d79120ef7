#include "analysis/profile/diff_format.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "analysis/base/units.h"
#include "analysis/base/utf8.h"

namespace heapwatch {

std::string FormatAmount(const SampleType& type, double value) {
  if (type.unit == "bytes") return FormatBytes(value);
  return FormatCount(std::llround(std::clamp(value, -9e18, 9e18)));
}

std::string FormatAmount(const SampleType& type, std::int64_t value) {
  return type.unit == "bytes" ? FormatBytes(static_cast<double>(value)) : FormatCount(value);
}

std::string FormatSigned(const SampleType& type, std::int64_t value) {
  return (value > 0 ? "+" : "") + FormatAmount(type, value);
}

std::string FormatError(const SampleType& type, const Change& change) {
  const auto error = change.standard_error();
  return error ? FormatAmount(type, *error) : "?";
}

std::string FormatChange(const SampleType& type, const Change& change) {
  std::string out = FormatSigned(type, change.change());
  if (change.variance) out += " ± " + FormatError(type, change);
  return out;
}

std::string FormatLevels(const SampleType& type, const Change& change) {
  return FormatAmount(type, change.before) + " -> " + FormatAmount(type, change.after);
}

std::string FormatSpan(Duration span) {
  const bool is_long = span >= std::chrono::seconds(10);
  return FormatDuration(is_long ? std::chrono::round<std::chrono::seconds>(span) : span);
}

std::string FormatElapsed(const ProfileDiff& diff) {
  if (!diff.before.time || !diff.after.time || *diff.after.time <= *diff.before.time) return "";
  return " in " + FormatSpan(*diff.after.time - *diff.before.time);
}

std::string Printable(std::string_view name) {
  std::string out = ToUtf8(name);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }, '?');
  return out;
}

}  // namespace heapwatch
