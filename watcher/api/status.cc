// /metrics, /-/healthy, /-/ready.
#include "watcher/api/handlers.h"

namespace heapwatch {
namespace {

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

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
