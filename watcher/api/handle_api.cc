#include "watcher/api/handle_api.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

// As /api/v1 lists it.
struct Address {
  std::string_view method;  // GET stands for HEAD, too
  std::string_view path;    // "/api/v1/sites/{id}/ack"
  std::string_view purpose;
  std::vector<std::string_view> parameters;
};

// What looks and changes nothing: is answered here.
struct Route : Address {
  Result<HttpResponse> (*handle)(const HttpRequest&, const ReadViews&);
};

std::vector<Route> MakeRoutes() {
  return {
      {"GET", "/api/v1/targets", "who is watched, and how scraping goes", {}, GetTargets},
      {"GET", "/api/v1/services", "every service, the most pressing first", {}, GetServices},
      {"GET",
       "/api/v1/sites",
       "the verdict on every site of every target, with its evidence",
       {"target", "service", "site", "verdict", "limit"},
       GetSites},
      {"GET",
       "/api/v1/findings",
       "the sites that need attention, per service over all its replicas",
       {},
       GetFindings},
      {"GET",
       "/api/v1/series",
       "a site's memory over time, with the course its verdict names; without a site the target's "
       "total",
       {"target", "site", "from", "to"},
       GetSeries},
      {"GET",
       "/api/v1/sparklines",
       "the memory of several sites of a target over time, in few points",
       {"target", "sites", "from", "to", "points"},
       GetSparklines},
      {"GET",
       "/api/v1/snapshots",
       "the moments kept of a target; with `points` as many, evenly spread",
       {"target", "from", "to", "points"},
       GetSnapshots},
      {"GET",
       "/api/v1/snapshot",
       "the heap of one moment: pprof, or json with its sites, functions and stacks",
       {"target", "t", "format", "sample_type", "top"},
       GetSnapshot},
      {"GET",
       "/api/v1/diff",
       "what changed between two moments or two targets: json, text, pprof, folded or svg",
       {"target", "target1", "t0", "t1", "sample_type", "normalize", "format", "by", "top"},
       GetDiff},
      {"GET",
       "/api/v1/tree",
       "the calls behind a diff, or behind the heap at `t`, as a tree pruned for drawing; `node` "
       "begins further down",
       {"target", "target1", "t0", "t1", "t", "sample_type", "normalize", "from", "node", "site",
        "filter", "max_nodes"},
       GetTree},
      {"GET", "/api/v1/alerts", "alerts pending, firing and lately resolved", {}, GetAlerts},
      {"GET",
       "/api/v1/alerts/history",
       "what became of alerts: every change of state, newest first",
       {"from", "to", "limit"},
       GetAlertHistory},
      {"GET", "/api/v1/acks", "what is acknowledged, and every change of it", {}, GetAcks},
      {"GET", "/api/v1/config", "the configuration in force", {}, GetConfig},
      {"GET",
       "/api/v1/admin/scraping",
       "what is not scraped because somebody stopped it",
       {},
       GetScraping},
      {"GET", "/metrics", "growth gauges and own health, for Prometheus", {}, GetMetrics},
      {"GET", "/-/healthy", "200 while the process runs", {}, GetHealthy},
      {"GET", "/-/ready", "200 once it scrapes and answers", {}, GetReady},
  };
}

const std::vector<Route>& Routes() {
  static const std::vector<Route> routes = MakeRoutes();
  return routes;
}

// What changes something, and so takes more than views: see ack.h, scraping.h, push.h and
// watcher/app/web_front.h.
const std::vector<Address>& ChangingAddresses() {
  static const std::vector<Address> addresses = {
      {"POST",
       "/api/v1/sites/{id}/ack",
       "acknowledges a site: JSON with by, reason, for or expires, and service",
       {}},
      {"DELETE", "/api/v1/sites/{id}/ack", "withdraws that: JSON with by and service", {}},
      {"POST",
       "/api/v1/admin/scraping",
       "stops or resumes scraping: JSON with action, by, reason, and job or target; with "
       "--web.enable-admin-api",
       {}},
      {"POST",
       "/api/v1/profiles",
       "takes a heap profile; all other parameters are its labels; with --web.enable-push",
       {"time", "alloc"}},
      {"POST",
       "/ingest",
       "the same as Pyroscope's agents send it; with --web.enable-push",
       {"name", "until", "format"}},
      {"POST", "/-/reload", "reads the configuration again; with --web.enable-lifecycle", {}},
  };
  return addresses;
}

std::vector<const Address*> Addresses() {
  std::vector<const Address*> all;
  for (const Route& route : Routes()) all.push_back(&route);
  for (const Address& address : ChangingAddresses()) all.push_back(&address);
  return all;
}

Result<HttpResponse> ListAddresses() {
  boost::json::array addresses;
  for (const Address* address : Addresses()) {
    addresses.push_back(boost::json::object{
        {"method", address->method},
        {"path", address->path},
        {"purpose", address->purpose},
        {"parameters",
         boost::json::array(address->parameters.begin(), address->parameters.end())}});
  }
  return JsonReply(boost::json::object{{"addresses", std::move(addresses)}});
}

// "{id}" in a path stands for one part of the address.
bool IsAt(const Address& address, std::string_view path) {
  const std::size_t open = address.path.find('{');
  if (open == std::string_view::npos) return address.path == path;
  const std::string_view before = address.path.substr(0, open);
  const std::string_view after = address.path.substr(address.path.find('}') + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after))
    return false;
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  return path.find('/') == std::string_view::npos;
}

// What may be done at an address, as the header Allow tells it; "" where there is none.
std::string MethodsAt(std::string_view path) {
  std::string methods;
  for (const Address* address : Addresses())
    if (IsAt(*address, path))
      methods.append(methods.empty() ? "" : ", ")
          .append(address->method == "GET" ? "GET, HEAD" : address->method);
  return methods;
}

Result<HttpResponse> Dispatch(const HttpRequest& request, const ReadViews& views) {
  if (auto file = PageFile(request)) return *std::move(file);
  if (request.path == "/api/v1") return ListAddresses();
  const std::vector<Route>& routes = Routes();
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](const Route& r) { return r.path == request.path; });
  if (route == routes.end()) {
    return NoSuchAddress(
        request,
        "\"" + request.path + "\" is not an address of Heapwatch; /api/v1 lists those there are");
  }
  if (auto known = CheckParameters(request, route->parameters); !known) return Fail(known.error());
  return route->handle(request, views);
}

HttpResponse Answer(const HttpRequest& request, const ReadViews& views) {
  const bool only_looks = request.method == "GET" || request.method == "HEAD";
  std::string methods = MethodsAt(request.path);
  if (methods.empty() && !only_looks) methods = "GET, HEAD";
  if (only_looks && (methods.empty() || methods.starts_with("GET"))) {
    auto response = Dispatch(request, views);
    return response ? *std::move(response) : ErrorReply(response.error());
  }
  HttpResponse refusal = TextResponse(
      405, request.method + " is not possible at " + request.path + ", only " + methods);
  refusal.headers["allow"] = methods;
  PutInEnvelope(refusal);
  return refusal;
}

}  // namespace

HttpResponse HandleApi(const HttpRequest& request, const ReadViews& views) {
  HttpResponse response = Answer(request, views);
  Compress(request, response);
  return response;
}

}  // namespace heapwatch
