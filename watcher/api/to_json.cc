#include "watcher/api/to_json.h"

#include <cmath>
#include <string>

namespace heapwatch {
namespace {

namespace json = boost::json;

// JSON has no infinity; whole numbers are written without an exponent.
void Put(json::object& out, std::string_view name, double value) {
  if (!std::isfinite(value)) return;
  if (std::trunc(value) == value && std::fabs(value) < 0x1p53)
    out[name] = static_cast<std::int64_t>(value);
  else
    out[name] = value;
}

void Put(json::object& out, std::string_view name, const std::optional<double>& value) {
  if (value) Put(out, name, *value);
}

}  // namespace

json::object ToJson(const Labels& labels) {
  json::object out;
  for (const auto& [name, value] : labels) out[name] = value;
  return out;
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
  Put(out, "inuse_bytes", verdict.inuse_bytes);
  Put(out, "slope_bytes_per_second", verdict.slope_bytes_per_second);
  Put(out, "slope_low_bytes_per_second", verdict.slope_interval.low);
  Put(out, "slope_high_bytes_per_second", verdict.slope_interval.high);
  Put(out, "growth_bytes", verdict.growth_bytes);
  Put(out, "growth_standard_error_bytes", verdict.growth_standard_error);
  Put(out, "z", verdict.z);
  Put(out, "effective_n", verdict.effective_n);
  if (verdict.sampling_period_told)
    Put(out, "sampling_period_bytes", verdict.sampling_period_bytes);
  json::object weights;
  for (const auto& [course, weight] : verdict.course_weights) weights[course] = weight;
  if (!weights.empty()) out["course_weights"] = std::move(weights);
  Put(out, "alloc_bytes_per_second", verdict.alloc_bytes_per_second);
  Put(out, "retention", verdict.retention);
  if (verdict.seconds_to_limit) AddLimit(*verdict.seconds_to_limit, out);
  return out;
}

void AddLimit(const Interval& seconds_to_limit, json::object& out) {
  Put(out, "to_limit_low_seconds", seconds_to_limit.low);
  Put(out, "to_limit_high_seconds", seconds_to_limit.high);
}

VerdictLinks LinksOf(const Labels& target, const Site& site, const Verdict& verdict,
                     const std::string& external_url) {
  // Ids and times need no escaping in a query.
  const std::string id = TargetId::Of(target).ToString();
  const std::string from = FormatRfc3339(verdict.from);
  const std::string to = FormatRfc3339(verdict.to);
  const std::string api = external_url + "/api/v1";
  const std::string diff = api + "/diff?target=" + id + "&t0=" + from + "&t1=" + to + "&format=";
  return {api + "/series?target=" + id + "&site=" + site.id_text() + "&from=" + from + "&to=" + to,
          diff + "text", diff + "svg", diff + "pprof"};
}

}  // namespace heapwatch
