// /metrics, /-/healthy, /-/ready.
#include "watcher/api/handlers.h"

namespace heapwatch {

Result<HttpResponse> GetMetrics(const HttpRequest&, const ReadViews& views) {
  HttpResponse response = TextResponse(200, views.Metrics());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<HttpResponse> GetHealthy(const HttpRequest&, const ReadViews&) {
  return TextResponse(200, "Heapwatch is healthy.");
}

Result<HttpResponse> GetReady(const HttpRequest&, const ReadViews& views) {
  if (!views.Ready()) return TextResponse(503, "Heapwatch is starting or stopping.");
  return TextResponse(200, "Heapwatch is ready.");
}

}  // namespace heapwatch
