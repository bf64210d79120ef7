#include "alerting/verdict_json.h"

#include <cmath>
#include <cstdint>
#include <string>

#include "analysis/base/time.h"

namespace heapwatch {

namespace json = boost::json;

// Whole numbers are written without an exponent.
void PutFigure(json::object& out, std::string_view name, const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return;
  if (std::trunc(*value) == *value && std::fabs(*value) < 0x1p53)
    out[name] = static_cast<std::int64_t>(*value);
  else
    out[name] = *value;
}

json::object ToJson(const Site& site) {
  json::object out = {
      {"id", site.id_text()}, {"name", site.ToString()}, {"function", site.function}};
  if (!site.file.empty()) out["file"] = site.file;
  if (site.line != 0 || site.line_is_relative) {
    out["line"] = site.line;
    out["line_is_relative"] = site.line_is_relative;
  }
  return out;
}

json::object ToJson(const Verdict& verdict) {
  json::object out = {{"verdict", ToString(verdict.kind)},
                      {"reason", verdict.reason},
                      {"from", FormatRfc3339(verdict.from)},
                      {"to", FormatRfc3339(verdict.to)}};
  if (!verdict.course.empty()) out["course"] = verdict.course;
  PutFigure(out, "inuse_bytes", verdict.inuse_bytes);
  PutFigure(out, "slope_bytes_per_second", verdict.slope_bytes_per_second);
  PutFigure(out, "slope_low_bytes_per_second", verdict.slope_interval.low);
  PutFigure(out, "slope_high_bytes_per_second", verdict.slope_interval.high);
  PutFigure(out, "growth_bytes", verdict.growth_bytes);
  PutFigure(out, "growth_standard_error_bytes", verdict.growth_standard_error);
  PutFigure(out, "z", verdict.z);
  PutFigure(out, "effective_n", verdict.effective_n);
  if (verdict.sampling_period_told)
    PutFigure(out, "sampling_period_bytes", verdict.sampling_period_bytes);
  json::object weights;
  for (const auto& [course, weight] : verdict.course_weights) weights[course] = weight;
  if (!weights.empty()) out["course_weights"] = std::move(weights);
  PutFigure(out, "alloc_bytes_per_second", verdict.alloc_bytes_per_second);
  PutFigure(out, "retention", verdict.retention);
  if (verdict.seconds_to_limit) AddLimit(*verdict.seconds_to_limit, out);
  return out;
}

void AddLimit(const Interval& seconds_to_limit, json::object& out) {
  PutFigure(out, "to_limit_low_seconds", seconds_to_limit.low);
  PutFigure(out, "to_limit_high_seconds", seconds_to_limit.high);
}

}  // namespace heapwatch
