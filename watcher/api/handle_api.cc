#include "watcher/api/handle_api.h"

#include <algorithm>
#include <string>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

const std::vector<Route>& Routes() {
  static const std::vector<Route> routes = {
      {"/api/v1/targets", "who is watched, and how scraping goes", {}, GetTargets},
      {"/api/v1/services", "every service in one line, the most pressing first", {}, GetServices},
      {"/api/v1/sites",
       "the verdict on every site of every target, with its evidence",
       {"target", "service", "site", "verdict", "limit"},
       GetSites},
      {"/api/v1/findings",
       "the sites that need attention, per service over all its replicas",
       {},
       GetFindings},
      {"/api/v1/series",
       "a site's memory over time, with the course its verdict names; without a site the target's "
       "total",
       {"target", "site", "from", "to"},
       GetSeries},
      {"/api/v1/sparklines",
       "the memory of several sites of a target over time, in few points",
       {"target", "sites", "from", "to", "points"},
       GetSparklines},
      {"/api/v1/snapshots",
       "the moments kept of a target; with `points` as many, evenly spread",
       {"target", "from", "to", "points"},
       GetSnapshots},
      {"/api/v1/snapshot",
       "the heap of one moment: pprof, or json with its sites, functions and stacks",
       {"target", "t", "format", "sample_type", "top"},
       GetSnapshot},
      {"/api/v1/diff",
       "what changed between two moments or two targets: json, text, pprof, folded or svg",
       {"target", "target1", "t0", "t1", "sample_type", "normalize", "format", "by", "top"},
       GetDiff},
      {"/api/v1/tree",
       "the calls behind a diff, or behind the heap at `t`, as a tree pruned for drawing; `node` "
       "begins further down",
       {"target", "target1", "t0", "t1", "t", "sample_type", "normalize", "from", "node", "site",
        "filter", "max_nodes"},
       GetTree},
      {"/api/v1/alerts", "alerts pending, firing and lately resolved", {}, GetAlerts},
      {"/api/v1/config", "the configuration in force", {}, GetConfig},
      {"/api/v1/alerts/history",
       "what became of alerts: every change of state, newest first",
       {"from", "to", "limit"},
       GetAlertHistory},
      {"/api/v1/acks",
       "which sites are acknowledged, and the record of all changes; POST "
       "/api/v1/sites/{id}/ack adds one",
       {},
       GetAcks},
      {"/api/v1/admin/scraping",
       "what is not scraped because somebody stopped it; POST stops and resumes",
       {},
       GetScraping},
      {"/metrics", "growth gauges and own health, for Prometheus", {}, GetMetrics},
      {"/-/healthy", "200 while the process runs", {}, GetHealthy},
      {"/-/ready", "200 once it scrapes and answers", {}, GetReady},
  };
  return routes;
}

Result<HttpResponse> ListRoutes() {
  boost::json::array addresses;
  for (const Route& route : Routes()) {
    addresses.push_back(boost::json::object{
        {"path", route.path},
        {"purpose", route.purpose},
        {"parameters", boost::json::array(route.parameters.begin(), route.parameters.end())}});
  }
  return JsonReply(boost::json::object{{"addresses", std::move(addresses)}});
}

Result<HttpResponse> Dispatch(const HttpRequest& request, const ReadViews& views) {
  const std::vector<Route>& routes = Routes();
  if (auto file = PageFile(request)) return *std::move(file);
  if (request.path == "/api/v1") return ListRoutes();
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](const Route& r) { return r.path == request.path; });
  if (route == routes.end()) {
    return Fail(
        ErrorCode::kNotFound,
        "\"" + request.path + "\" is not an address of Heapwatch; /api/v1 lists those there are");
  }
  if (auto known = CheckParameters(request, route->parameters); !known) return Fail(known.error());
  return route->handle(request, views);
}

HttpResponse Answer(const HttpRequest& request, const ReadViews& views) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = ErrorReply(
        {ErrorCode::kInvalidArgument, request.method + " is not possible here, only GET and HEAD"});
    response.status = 405;
    response.headers["allow"] = "GET, HEAD";
    return response;
  }
  auto response = Dispatch(request, views);
  return response ? *std::move(response) : ErrorReply(response.error());
}

}  // namespace

HttpResponse HandleApi(const HttpRequest& request, const ReadViews& views) {
  HttpResponse response = Answer(request, views);
  Compress(request, response);
  return response;
}

}  // namespace heapwatch
