// /api/v1/alerts, /metrics, /-/healthy, /-/ready.
#include "watcher/api/handlers.h"
#include "watcher/api/reply.h"
#include "watcher/api/to_json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

json::object Describe(const AlertView& alert) {
  json::object out = {{"state", ToString(alert.phase)},
                      {"labels", ToJson(alert.labels)},
                      {"annotations", ToJson(alert.annotations)},
                      {"site", alert.site_id},
                      {"pending_since", FormatRfc3339(alert.pending_since)}};
  if (alert.firing_since) out["firing_since"] = FormatRfc3339(*alert.firing_since);
  if (alert.resolved_at) out["resolved_at"] = FormatRfc3339(*alert.resolved_at);
  return out;
}

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

Result<HttpResponse> GetAlerts(const HttpRequest&, const ReadViews& views) {
  json::array alerts;
  for (const AlertView& alert : views.Alerts()) alerts.push_back(Describe(alert));
  return JsonReply(json::object{{"alerts", std::move(alerts)}});
}

Result<HttpResponse> GetMetrics(const HttpRequest&, const ReadViews& views) {
  HttpResponse response = Text(200, views.Metrics());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<HttpResponse> GetHealthy(const HttpRequest&, const ReadViews&) {
  return Text(200, "Heapwatch is healthy.\n");
}

Result<HttpResponse> GetReady(const HttpRequest&, const ReadViews& views) {
  if (!views.Ready()) return Text(503, "Heapwatch is starting or stopping.\n");
  return Text(200, "Heapwatch is ready.\n");
}

}  // namespace heapwatch
