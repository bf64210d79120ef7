// /api/v1/sparklines: the courses of several sites of one target at a glance, all from one read.
#include <string>
#include <vector>

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

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty() && out.size() < kMostSites) {
    const auto comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

// Live bytes of the site at the columns.
json::array Values(const SiteWindow& window, SiteId site, const std::vector<std::size_t>& columns) {
  std::vector<std::int64_t> sums(columns.size());
  if (window.has[static_cast<std::size_t>(Quantity::kInuseSpace)]) {
    for (std::size_t row = window.first_row[site.index()]; row < window.first_row[site.index() + 1];
         ++row) {
      const auto series = window.series(Quantity::kInuseSpace, row);
      for (std::size_t i = 0; i < columns.size(); ++i) sums[i] += series[columns[i]];
    }
  }
  return json::array(sums.begin(), sums.end());
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
  const auto window = views.store().Window(target->id, range->from, range->to, *views.attributor());
  if (!window) return Fail(window.error());

  const std::vector<std::size_t> columns = EvenlySpread(window->observations.size(), *points);
  json::array times;
  for (const std::size_t i : columns) times.push_back(ToUnixMillis(window->observations[i].time));
  json::object sites;
  for (const std::string& id : Split(*wanted)) {
    // A site that was not seen in this time has no course.
    if (const auto site = FindSite(*window, id)) sites[id] = Values(*window, *site, columns);
  }
  return JsonReply(json::object{{"target", target->id.ToString()},
                                {"times_unix_ms", std::move(times)},
                                {"sites", std::move(sites)}});
}

}  // namespace heapwatch
