#include "watcher/app/web_front.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "watcher/access/request_guard.h"
#include "watcher/api/handle_api.h"
#include "watcher/api/push.h"
#include "watcher/api/reply.h"
#include "watcher/api/route_prefix.h"
#include "watcher/api/scraping.h"
#include "watcher/net/url.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr auto kLookAtWebConfigEvery = std::chrono::seconds(2);

// How people reach the service where nobody told: by the host listened on or, where that is every
// address, by the machine's name.
std::string ExternalUrl(const ServiceOptions& options, std::uint16_t port, bool is_tls) {
  std::string url = options.external_url;
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  const auto address = ParseListenAddress(options.listen_address);
  std::string host = address ? address->host : "";
  if (host.empty() || host == "0.0.0.0" || host == "::") {
    boost::system::error_code code;
    host = asio::ip::host_name(code);
    if (code) host = "localhost";
  }
  const HttpUrl made{
      .scheme = is_tls ? "https" : "http", .host = host, .port = port, .target = "/"};
  return made.scheme + "://" + made.endpoint();
}

bool IsProbe(const HttpRequest& request) {
  return request.path == "/-/healthy" || request.path == "/-/ready";
}

}  // namespace

Result<std::unique_ptr<WebFront>> WebFront::Start(WebFrontParts parts) {
  std::unique_ptr<WebFront> front(new WebFront(std::move(parts)));
  const WebFrontParts& with = front->parts_;
  auto access = WebAccess::Load(
      with.options.web_config_file,
      [&metrics = with.metrics](std::string_view reason) { metrics.CountWebRefusal(reason); });
  if (!access) return Fail(access.error());
  front->access_ = std::move(*access);
  HttpServerOptions server_options;
  server_options.listen_address = with.options.listen_address;
  server_options.tls = front->access_->settings()->tls;
  WebFront* self = front.get();
  auto server = HttpServer::Start(
      with.io, server_options, [self](const HttpRequest& request) { return self->Handle(request); },
      with.on_failure, [self](HttpRequest& request) { return self->Admit(request); });
  if (!server) return Fail(server.error());
  front->server_ = std::move(*server);
  front->external_url_ =
      ExternalUrl(with.options, front->server_->port(), server_options.tls != nullptr);
  if (const auto url = ParseHttpUrl(front->external_url_)) {
    front->access_->set_external_authority(url->authority());
    const std::string path = url->target.substr(0, url->target.find('?'));
    front->route_prefix_ = RoutePrefix(with.options.route_prefix.value_or(path));
  }
  return front;
}

asio::awaitable<Admission> WebFront::Admit(HttpRequest& request) {
  Admission admission;
  admission.answer = EnterPrefix(route_prefix_, request);
  if (admission.answer) co_return admission;
  admission = co_await access_->Admit(request);
  if (!admission.answer && IsPush(request)) AdmitPush(request, admission);
  // However much there is to do, who watches over us hears at once that we live.
  if (!admission.answer && IsProbe(request)) admission.answer = HandleApi(request, parts_.views);
  if (admission.answer && request.path.starts_with("/api/")) PutInEnvelope(*admission.answer);
  co_return admission;
}

void WebFront::AdmitPush(const HttpRequest& request, Admission& admission) const {
  admission.body_limit_bytes = parts_.pushed.limits().body_bytes;
  admission.held = parts_.pushed.Enter(request.peer);
  if (!parts_.options.enable_push) {
    admission.answer = TextResponse(403, "Pushing is off: start with --web.enable-push.");
  } else if (!admission.held) {
    admission.answer = TextResponse(429, "Too many pushes at once; come again.");
    admission.answer->headers["retry-after"] = "1";
  }
}

HttpResponse WebFront::Handle(const HttpRequest& request) {
  if (IsPush(request)) return HandlePush(request, parts_.clock.Now(), parts_.pushed);
  if (IsAckRequest(request)) return HandleAck(request, parts_.views, parts_.acks);
  if (IsScrapingRequest(request))
    return HandleScraping(request, parts_.views, parts_.options.enable_admin_api,
                          parts_.scrape_stops);
  if (request.path == "/-/reload" && request.method == "POST") return HandleReload();
  return HandleApi(request, parts_.views);
}

HttpResponse WebFront::HandleReload() {
  if (!parts_.options.enable_lifecycle)
    return TextResponse(
        403, "Reloading over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP.");
  const auto reloaded = parts_.reload();
  return reloaded ? HttpResponse() : TextResponse(500, reloaded.error().message);
}

asio::awaitable<void> WebFront::WatchWebConfig() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kLookAtWebConfigEvery);
    co_await timer.async_wait(asio::use_awaitable);
    const auto changed = access_->Refresh();
    if (!changed) {
      parts_.metrics.ObserveWebConfig(false);
      spdlog::error("the web configuration was not reloaded, the old one stays in force: {}",
                    changed.error().message);
    } else if (*changed) {
      parts_.metrics.ObserveWebConfig(true);
      server_->SetTls(access_->settings()->tls);
      spdlog::info("the web configuration was reloaded");
    }
  }
}

}  // namespace heapwatch
