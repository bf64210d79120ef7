// /api/v1/series: the memory of one site, or of a whole target, over time.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "alerting/verdict_json.h"
#include "analysis/series/value_coding.h"
#include "analysis/trend/course_curve.h"
#include "analysis/trend/outside_heap.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange = std::chrono::hours(6);

// Sum of `rows` at each observation; null where the target does not tell the quantity.
json::array Sums(const SiteWindow& window, Quantity quantity, std::size_t first, std::size_t last) {
  std::vector<std::int64_t> sums(window.observations.size());
  for (std::size_t row = first; row < last; ++row) {
    const auto series = window.series(quantity, row);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = WrappingSum(sums[i], series[i]);
  }
  return json::array(sums.begin(), sums.end());
}

std::vector<double> SiteBytes(const SiteWindow& window, SiteId site) {
  std::vector<double> bytes(window.observations.size());
  if (!window.has[static_cast<std::size_t>(Quantity::kInuseSpace)]) return bytes;
  for (std::size_t row = window.first_row[site.index()]; row < window.first_row[site.index() + 1];
       ++row) {
    const auto series = window.series(Quantity::kInuseSpace, row);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] += static_cast<double>(series[i]);
  }
  return bytes;
}

json::object Describe(const SiteWindow& window, std::optional<SiteId> site) {
  json::array times;
  json::array lifetimes;
  json::array builds;
  json::array is_new;
  for (const Observation& observation : window.observations) {
    times.push_back(ToUnixMillis(observation.time));
    lifetimes.push_back(observation.lifetime);
    builds.push_back(observation.build);
    is_new.push_back(observation.is_new);
  }
  json::object out = {{"times_unix_ms", std::move(times)},
                      {"lifetime", std::move(lifetimes)},
                      {"build", std::move(builds)},
                      {"is_new_observation", std::move(is_new)}};
  const std::size_t first = site ? window.first_row[site->index()] : 0;
  const std::size_t last = site ? window.first_row[site->index() + 1] : window.rows.size();
  json::object values;
  for (const Quantity quantity : kQuantities) {
    if (window.has[static_cast<std::size_t>(quantity)])
      values[ToString(quantity)] = Sums(window, quantity, first, last);
  }
  out["values"] = std::move(values);
  if (site) out["site"] = ToJson(window.sites[site->index()]);
  return out;
}

const Verdict* FindVerdict(const Evaluation& evaluation, const Labels& target, const Site& site) {
  for (const TargetVerdicts& judged : evaluation.targets) {
    if (judged.target != target) continue;
    if (site == OutsideHeapSite() && judged.outside_heap) return &*judged.outside_heap;
    for (const Verdict& verdict : judged.verdicts)
      if (judged.sites[verdict.site.index()] == site) return &verdict;
  }
  return nullptr;
}

// The course that the verdict names, as far as it lies within the window.
json::value Model(const SiteWindow& window, SiteId site, const Verdict& verdict) {
  std::vector<Time> times;
  for (const Observation& observation : window.observations) times.push_back(observation.time);
  const auto curve = CurveOf(verdict, times, SiteBytes(window, site));
  if (!curve) return nullptr;
  json::array at;
  json::array bytes;
  json::array low;
  json::array high;
  for (std::size_t i = 0; i < curve->times.size(); ++i) {
    if (curve->times[i] < times.front() || curve->times[i] > times.back()) continue;
    at.push_back(ToUnixMillis(curve->times[i]));
    bytes.push_back(std::round(curve->bytes[i]));
    low.push_back(std::round(curve->low[i]));
    high.push_back(std::round(curve->high[i]));
  }
  return json::object{{"course", verdict.course},
                      {"times_unix_ms", std::move(at)},
                      {"bytes", std::move(bytes)},
                      {"low", std::move(low)},
                      {"high", std::move(high)}};
}

// What the site is measured against: the course of its verdict, the whole heap.
void AddContext(const SiteWindow& window, SiteId site, const Labels& target, const ReadViews& views,
                json::object& data) {
  const auto evaluation = views.LatestEvaluation();
  const Verdict* verdict = FindVerdict(*evaluation, target, window.sites[site.index()]);
  if (verdict != nullptr && !window.observations.empty()) {
    if (json::value model = Model(window, site, *verdict); !model.is_null())
      data["model"] = std::move(model);
  }
  if (window.has[static_cast<std::size_t>(Quantity::kInuseSpace)])
    data["total_inuse_space"] = Sums(window, Quantity::kInuseSpace, 0, window.rows.size());
}

// The limit of the process and how far the collector lets the heap grow towards it.
void AddLimit(const Labels& target, const ReadViews& views, json::object& data) {
  for (const TargetStatus& status : views.Targets()) {
    if (status.labels != target || !status.memory_limit_bytes) continue;
    data["memory_limit_bytes"] = *status.memory_limit_bytes;
    data["gogc"] = views.config()->detection.gogc;
  }
}

}  // namespace

bool IsNamed(const Site& site, std::string_view wanted) {
  return site.function == wanted || site.id_text() == wanted || site.ToString() == wanted;
}

Result<SiteId> FindSite(const SiteWindow& window, std::string_view wanted) {
  std::vector<std::size_t> matches;
  for (std::size_t i = 0; i < window.sites.size(); ++i) {
    if (IsNamed(window.sites[i], wanted)) matches.push_back(i);
  }
  if (matches.size() == 1) return SiteId(matches.front());
  const std::string quoted = "site \"" + std::string(wanted) + "\"";
  if (matches.empty()) {
    return Fail(ErrorCode::kNotFound, quoted + " is not among the " +
                                          std::to_string(window.sites.size()) +
                                          " sites of this target in this time: give an id or a "
                                          "function's name from /api/v1/sites");
  }
  std::string candidates;
  for (const std::size_t i : matches)
    candidates += (candidates.empty() ? "" : "; ") + window.sites[i].id_text() + " " +
                  window.sites[i].ToString();
  return Fail(ErrorCode::kInvalidArgument, quoted + " names several, give one's id: " + candidates);
}

Result<HttpResponse> GetSeries(const HttpRequest& request, const ReadViews& views) {
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  const auto range = TimeRangeParameters(request, views.Now(), kDefaultRange);
  if (!range) return Fail(range.error());
  const auto snapshots = views.store().Snapshots(target->id, range->from, range->to);
  if (!snapshots) return Fail(snapshots.error());
  if (snapshots->size() > kMostPoints) {
    return Fail(ErrorCode::kLimit, "there are " + std::to_string(snapshots->size()) +
                                       " points from " + FormatRfc3339(range->from) + " to " +
                                       FormatRfc3339(range->to) + ", more than " +
                                       std::to_string(kMostPoints) + ": narrow from and to");
  }
  auto window = views.store().Window(target->id, range->from, range->to, *views.attributor());
  if (!window) return Fail(window.error());
  std::optional<SiteId> site;
  if (const std::string_view wanted = request.Query("site"); !wanted.empty()) {
    if (IsNamed(OutsideHeapSite(), wanted)) {
      if (auto outside = OutsideHeap(*window, views.config()->detection))
        window = *std::move(outside);
    }
    const auto found = FindSite(*window, wanted);
    if (!found) return Fail(found.error());
    site = *found;
  }
  json::object data = Describe(*window, site);
  if (site) AddContext(*window, *site, target->labels, views, data);
  AddLimit(target->labels, views, data);
  data["target"] = target->id.ToString();
  data["labels"] = json::value_from(target->labels);
  data["from"] = FormatRfc3339(range->from);
  data["to"] = FormatRfc3339(range->to);
  return JsonReply(std::move(data));
}

}  // namespace heapwatch
