// One connection of HttpServer, for http_server.cc only: reads a request, has it admitted and
// handled, writes the answer, and so on until the peer or a limit ends it.
#pragma once

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "watcher/net/headers.h"
#include "watcher/net/http_server.h"
#include "watcher/net/permits.h"
#include "watcher/net/run_on.h"
#include "watcher/net/url.h"

namespace heapwatch {

// What a connection has of its server.
struct HttpServing {
  const HttpServerOptions& options;
  const HttpServer::Handler& handler;
  const HttpServer::Admit& admit;
  std::optional<boost::asio::thread_pool>& workers;  // none once the server has stopped
  const std::atomic<bool>& stopping;
  Permits& handling;                             // what its peer may have handled at once
  std::function<void(bool)> mark_waiting;        // a wait for the peer begins (again), or ends
  std::function<void(std::size_t)> mark_unsent;  // bytes of an answer that is being sent; 0: sent
};

// `Stream` is a beast::tcp_stream or one with TLS over it, the handshake done.
template <class Stream>
class HttpConnection {
 public:
  // `buffer` may hold what came already.
  HttpConnection(Stream& stream, boost::beast::flat_buffer buffer, std::string peer,
                 HttpServing serving)
      : stream_(stream),
        buffer_(std::move(buffer)),
        peer_(std::move(peer)),
        serving_(std::move(serving)) {}

  boost::asio::awaitable<void> Run() {
    bool more = true;
    while (more && !serving_.stopping) more = co_await ServeOne();
  }

 private:
  static constexpr auto kUseTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  static constexpr auto kDrainTimeout = std::chrono::seconds(2);
  static constexpr std::size_t kDrainLimitBytes = 4U << 20;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using error_code = boost::system::error_code;

  void Expire(Duration timeout) { boost::beast::get_lowest_layer(stream_).expires_after(timeout); }

  // False where the peer sent nothing more.
  boost::asio::awaitable<bool> AwaitRequest() {
    if (buffer_.size() > 0) co_return true;
    Expire(serving_.options.idle_timeout);
    const auto [failure, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kUseTuple);
    if (failure) co_return false;
    buffer_.commit(size);
    co_return true;
  }

  // One request and its answer; false once the connection has to end.
  boost::asio::awaitable<bool> ServeOne() {
    serving_.mark_waiting(true);
    if (!co_await AwaitRequest()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(serving_.options.header_limit_bytes));
    parser.body_limit(boost::none);  // known once the request is admitted
    Expire(serving_.options.header_timeout);
    const auto [failure, size] =
        co_await boost::beast::http::async_read_header(stream_, buffer_, parser, kUseTuple);
    if (failure) co_return co_await Refuse(RefusalOf(failure));
    const auto& header = parser.get();
    const auto fields = static_cast<std::size_t>(std::distance(header.begin(), header.end()));
    if (fields > serving_.options.max_header_fields)
      co_return co_await Refuse(TextResponse(431, "too many request headers"));
    auto request = Convert(header);
    if (!request)
      co_return co_await Refuse(
          TextResponse(400, "bad request: " + DescribeBadTarget(header.target())));
    serving_.mark_waiting(false);
    Admission admission;
    if (serving_.admit) admission = co_await serving_.admit(*request);
    if (!admission.answer) {
      auto refusal = co_await ReadBody(parser, *request, admission);
      admission.answer = std::move(refusal);
    }
    HttpResponse response;
    if (admission.answer)
      response = *std::move(admission.answer);
    else
      response = co_await Handle(std::move(*request));
    for (auto& [name, value] : admission.headers) response.headers[name] = std::move(value);
    const bool is_head = header.method() == boost::beast::http::verb::head;
    const bool keep_alive = parser.is_done() && parser.keep_alive() && !serving_.stopping;
    const bool goes_on = co_await Write(std::move(response), header.version(), keep_alive, is_head);
    if (!parser.is_done()) co_await Drain();
    co_return goes_on;
  }

  // Nothing where the body has come, else why it is not taken.
  boost::asio::awaitable<std::optional<HttpResponse>> ReadBody(Parser& parser, HttpRequest& request,
                                                               const Admission& admission) {
    const std::string limit = std::to_string(admission.body_limit_bytes);
    if (parser.content_length().value_or(0) > admission.body_limit_bytes)
      co_return TextResponse(413, "request body too large, over " + limit + " bytes");
    if (parser.is_done()) co_return std::nullopt;
    Expire(serving_.options.body_timeout);
    serving_.mark_waiting(true);
    if (Get(request.headers, "expect") == "100-continue") {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await boost::asio::async_write(stream_, boost::asio::buffer(kContinue), kUseTuple);
    }
    parser.body_limit(admission.body_limit_bytes);
    const auto [failure, size] =
        co_await boost::beast::http::async_read(stream_, buffer_, parser, kUseTuple);
    serving_.mark_waiting(false);
    if (failure == boost::beast::http::error::body_limit)
      co_return TextResponse(413, "request body too large, over " + limit + " bytes");
    if (failure) co_return TextResponse(408, "the request body did not come to its end");
    request.body = std::move(parser.get().body());
    co_return std::nullopt;
  }

  // The request without its body; nullopt where the target is no path with an optional query.
  std::optional<HttpRequest> Convert(const typename Parser::value_type& message) const {
    const auto target = boost::urls::parse_origin_form(message.target());
    if (target.has_error()) return std::nullopt;
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.path = target->path();
    for (const auto& parameter : target->params())
      request.query.emplace(std::string(parameter.key), std::string(parameter.value));
    request.headers = HeadersOf(message);
    request.peer = peer_;
    return request;
  }

  // The answer to a request that could not be read; nullopt where nobody is there to hear it.
  static std::optional<HttpResponse> RefusalOf(const error_code& code) {
    using boost::beast::http::error;
    if (code == error::header_limit) return TextResponse(431, "request header too large");
    if (code == error::end_of_stream || code == error::partial_message) return std::nullopt;
    if (code.category() == make_error_code(error::end_of_stream).category())
      return TextResponse(400, "bad request: " + code.message());
    return std::nullopt;
  }

  // Always false: after what could not be read nothing else can be.
  boost::asio::awaitable<bool> Refuse(std::optional<HttpResponse> refusal) {
    if (!refusal) co_return false;
    co_await Write(std::move(*refusal), 11, false, false);
    co_await Drain();
    co_return false;
  }

  // Lets a refused peer read the refusal, which a reset would take from it if its request were left
  // unread.
  boost::asio::awaitable<void> Drain() {
    auto& lowest = boost::beast::get_lowest_layer(stream_);
    error_code ignored;
    lowest.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    lowest.expires_after(kDrainTimeout);
    std::array<char, 4096> scrap{};
    for (std::size_t drained = 0; drained < kDrainLimitBytes;) {
      const auto [failure, size] =
          co_await lowest.async_read_some(boost::asio::buffer(scrap), kUseTuple);
      if (failure) co_return;
      drained += size;
    }
  }

  boost::asio::awaitable<HttpResponse> Handle(HttpRequest request) {
    const auto run = [this, &request]() -> HttpResponse {
      try {
        return serving_.handler(request);
      } catch (const std::exception& error) {
        spdlog::error("{} {} failed: {}", request.method, request.path, error.what());
        return TextResponse(500, "internal error; the log has the details");
      }
    };
    std::optional<Permits::Permit> permit;
    try {
      permit.emplace(co_await serving_.handling.Acquire());
    } catch (const boost::system::system_error&) {
      co_return TextResponse(503, "stopping");  // cancelled before its turn came
    }
    if (!serving_.workers) co_return TextResponse(503, "stopping");
    co_return co_await RunOn(serving_.workers->get_executor(), run);
  }

  template <class Body>
  static boost::beast::http::response<Body> MakeHeader(const HttpResponse& response,
                                                       unsigned version, bool keep_alive) {
    boost::beast::http::response<Body> message;
    message.version(version);
    message.result(static_cast<unsigned>(response.status));
    message.set(boost::beast::http::field::content_type, response.content_type);
    for (const auto& [name, value] : kCautiousHeaders) message.set(name, value);
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep_alive);
    return message;
  }

  boost::asio::awaitable<bool> Write(HttpResponse response, unsigned version, bool keep_alive,
                                     bool is_head) {
    namespace http = boost::beast::http;
    Expire(serving_.options.write_timeout);
    serving_.mark_waiting(true);
    if (is_head) {
      auto message = MakeHeader<http::empty_body>(response, version, keep_alive);
      message.content_length(response.body.size());
      const auto [failure, size] = co_await http::async_write(stream_, message, kUseTuple);
      co_return !failure && message.keep_alive();
    }
    auto message = MakeHeader<http::string_body>(response, version, keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    serving_.mark_unsent(message.body().size());
    const auto [failure, size] = co_await http::async_write(stream_, message, kUseTuple);
    serving_.mark_unsent(0);
    co_return !failure && message.keep_alive();
  }

  // Nothing answered may run script, be framed, embedded elsewhere, kept, or taken for another type
  // than it says.
  static constexpr std::array<std::pair<const char*, const char*>, 5> kCautiousHeaders = {{
      {"content-security-policy",
       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
       "form-action 'none'"},
      {"x-content-type-options", "nosniff"},
      {"referrer-policy", "no-referrer"},
      {"cross-origin-resource-policy", "same-origin"},
      {"cache-control", "no-store"},
  }};

  Stream& stream_;
  boost::beast::flat_buffer buffer_;
  const std::string peer_;
  const HttpServing serving_;
};

}  // namespace heapwatch
