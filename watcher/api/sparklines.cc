// /api/v1/sparklines: the courses of several sites of one target at a glance, all from one read.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analysis/trend/outside_heap.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange = std::chrono::hours(6);
constexpr std::size_t kDefaultPoints = 60;
constexpr std::size_t kMostPointsEach = 500;
constexpr std::size_t kMostSites = 500;

std::set<std::string> Split(std::string_view text) {
  std::set<std::string> out;
  while (!text.empty() && out.size() < kMostSites) {
    const auto comma = text.find(',');
    out.emplace(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

json::array At(const std::vector<std::int64_t>& values, const std::vector<std::size_t>& columns) {
  json::array out;
  for (const std::size_t i : columns) out.push_back(values.empty() ? 0 : values[i]);
  return out;
}

// Of the process outside its heap, at `times`; empty where it was never told.
Result<std::vector<std::int64_t>> OutsideHeapBytes(TargetId target, const std::vector<Time>& times,
                                                   const ReadViews& views) {
  if (times.empty()) return {};
  const auto heap = views.store().Window(target, times.front(), times.back(), *views.attributor());
  if (!heap) return Fail(heap.error());
  const auto outside = OutsideHeap(*heap, views.config()->detection);
  if (!outside) return {};
  std::vector<std::int64_t> bytes(times.size(), 0);
  const auto series = outside->series(Quantity::kInuseSpace, 0);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const auto at = std::lower_bound(times.begin(), times.end(), outside->observations[i].time);
    bytes[static_cast<std::size_t>(at - times.begin())] = series[i];
  }
  return bytes;
}

}  // namespace

Result<HttpResponse> GetSparklines(const HttpRequest& request, const ReadViews& views) {
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  const auto wanted = RequiredParameter(request, "sites");
  if (!wanted) return Fail(wanted.error());
  const auto range = TimeRangeParameters(request, views.Now(), kDefaultRange);
  if (!range) return Fail(range.error());
  const auto points = CountParameterOr(request, "points", kDefaultPoints, kMostPointsEach);
  if (!points) return Fail(points.error());
  const std::set<std::string> ids = Split(*wanted);
  const auto series =
      views.store().Series(target->id, range->from, range->to, *views.attributor(),
                           [&](const Site& site) { return ids.contains(site.id_text()); });
  if (!series) return Fail(series.error());

  const std::vector<std::size_t> columns = EvenlySpread(series->times.size(), *points);
  json::array times;
  for (const std::size_t i : columns) times.push_back(ToUnixMillis(series->times[i]));
  // A site that was not seen in this time has no course.
  json::object sites;
  for (const SomeSeries::OfSite& of : series->sites)
    sites[of.site.id_text()] =
        At(of.values[static_cast<std::size_t>(Quantity::kInuseSpace)], columns);
  if (const std::string id = OutsideHeapSite().id_text(); ids.contains(id)) {
    const auto bytes = OutsideHeapBytes(target->id, series->times, views);
    if (!bytes) return Fail(bytes.error());
    if (!bytes->empty()) sites[id] = At(*bytes, columns);
  }
  return JsonReply(json::object{{"target", target->id.ToString()},
                                {"times_unix_ms", std::move(times)},
                                {"sites", std::move(sites)}});
}

}  // namespace heapwatch
