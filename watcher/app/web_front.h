// The service's front door: listens, lets in or refuses, and leads each request to who answers it.
//
// It knows under which address people reach the service and under which prefix it answers, and
// reads the web configuration again when its files change.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "analysis/base/error.h"
#include "watcher/access/web_access.h"
#include "watcher/api/ack.h"
#include "watcher/api/read_views.h"
#include "watcher/api/scraping.h"
#include "watcher/app/service.h"
#include "watcher/app/service_metrics.h"
#include "watcher/net/clock.h"
#include "watcher/net/http_server.h"
#include "watcher/net/task_group.h"
#include "watcher/push/pushed_targets.h"

namespace heapwatch {

// All of them outlive the front.
struct WebFrontParts {
  boost::asio::any_io_executor io;
  const ServiceOptions& options;
  const Clock& clock;
  const ReadViews& views;
  AckKeeper& acks;
  ScrapeStopKeeper& scrape_stops;
  PushedTargets& pushed;
  ServiceMetrics& metrics;
  std::function<Result<void>()> reload;
  TaskGroup::OnFailure on_failure;
};

class WebFront {
 public:
  // Listens; requests are read once `io` runs. Errors: of the web configuration, of the address.
  static Result<std::unique_ptr<WebFront>> Start(WebFrontParts parts);

  std::uint16_t port() const { return server_->port(); }
  // Without a slash at its end.
  const std::string& external_url() const { return external_url_; }
  bool asks_password() const { return access_->asks_password(); }
  // Looks after the web configuration; ends by cancellation alone.
  boost::asio::awaitable<void> WatchWebConfig();
  // As HttpServer::Stop.
  void Stop(Duration grace) { server_->Stop(grace); }

 private:
  explicit WebFront(WebFrontParts parts) : parts_(std::move(parts)) {}
  boost::asio::awaitable<Admission> Admit(HttpRequest& request);
  void AdmitPush(const HttpRequest& request, Admission& admission) const;
  HttpResponse Handle(const HttpRequest& request);
  HttpResponse HandleReload();

  const WebFrontParts parts_;
  std::unique_ptr<WebAccess> access_;
  std::string external_url_;
  std::string route_prefix_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace heapwatch
