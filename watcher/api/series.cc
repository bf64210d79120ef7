// /api/v1/series: the memory of one site, or of a whole target, over time.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"
#include "watcher/api/to_json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange = std::chrono::hours(6);

Result<SiteId> FindSite(const SiteWindow& window, std::string_view wanted) {
  std::vector<std::size_t> matches;
  for (std::size_t i = 0; i < window.sites.size(); ++i) {
    if (window.sites[i].id_text() == wanted || window.sites[i].function == wanted)
      matches.push_back(i);
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

// Sum of `rows` at each observation; null where the target does not tell the quantity.
json::array Sums(const SiteWindow& window, Quantity quantity, std::size_t first, std::size_t last) {
  std::vector<std::int64_t> sums(window.observations.size());
  for (std::size_t row = first; row < last; ++row) {
    const auto series = window.series(quantity, row);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += series[i];
  }
  return json::array(sums.begin(), sums.end());
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

}  // namespace

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
  const auto window = views.store().Window(target->id, range->from, range->to, *views.attributor());
  if (!window) return Fail(window.error());
  std::optional<SiteId> site;
  if (const std::string_view wanted = request.Query("site"); !wanted.empty()) {
    const auto found = FindSite(*window, wanted);
    if (!found) return Fail(found.error());
    site = *found;
  }
  json::object data = Describe(*window, site);
  data["target"] = target->id.ToString();
  data["labels"] = ToJson(target->labels);
  data["from"] = FormatRfc3339(range->from);
  data["to"] = FormatRfc3339(range->to);
  return JsonReply(std::move(data));
}

}  // namespace heapwatch
