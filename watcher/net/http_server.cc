#include "watcher/net/http_server.h"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <optional>

#include "watcher/net/headers.h"
#include "watcher/net/run_on.h"
#include "watcher/net/url.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

constexpr auto kDrainTimeout = std::chrono::seconds(2);
constexpr std::size_t kDrainLimitBytes = 4U << 20;

using RequestParser = http::request_parser<http::string_body>;

HttpResponse PlainResponse(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text) + '\n';
  return response;
}

// nullopt where the target is no path with an optional query.
std::optional<HttpRequest> Convert(http::request<http::string_body> message) {
  const auto target = boost::urls::parse_origin_form(message.target());
  if (target.has_error()) return std::nullopt;
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.path = target->path();
  for (const auto& parameter : target->params())
    request.query.emplace(std::string(parameter.key), std::string(parameter.value));
  request.headers = HeadersOf(message);
  request.body = std::move(message.body());
  return request;
}

// The answer to a request that could not be read; nullopt where nobody is there to hear it.
std::optional<HttpResponse> Refusal(const error_code& code) {
  if (code == http::error::header_limit) return PlainResponse(431, "request header too large");
  if (code == http::error::body_limit) return PlainResponse(413, "request body too large");
  if (code == http::error::end_of_stream || code == http::error::partial_message)
    return std::nullopt;
  if (code.category() == make_error_code(http::error::end_of_stream).category())
    return PlainResponse(400, "bad request: " + code.message());
  return std::nullopt;
}

template <class Body>
http::response<Body> MakeHeader(const HttpResponse& response, unsigned version, bool keep_alive) {
  http::response<Body> message;
  message.version(version);
  message.result(static_cast<unsigned>(response.status));
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  return message;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, HttpServerOptions options, Handler handler,
       TaskGroup::OnFailure on_failure)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        strand_(asio::make_strand(executor)),
        acceptor_(strand_),
        slot_free_(strand_),
        tasks_(strand_, std::move(on_failure)),
        workers_(options_.workers) {}

  Result<void> Listen();
  void Accept() { tasks_.Spawn("http accept", AcceptLoop(shared_from_this())); }
  std::uint16_t port() const { return port_; }
  void Stop(Duration grace);

 private:
  asio::awaitable<void> AcceptLoop(std::shared_ptr<Impl> self);
  asio::awaitable<void> Serve(std::shared_ptr<Impl> self, tcp::socket socket);
  // Lets a refused peer read the refusal, which a reset would take from it if its request were left
  // unread.
  asio::awaitable<void> Drain(beast::tcp_stream& stream);
  // One request and its answer; false once the connection has to end.
  asio::awaitable<bool> ServeOne(beast::tcp_stream& stream, beast::flat_buffer& buffer);
  asio::awaitable<HttpResponse> Handle(HttpRequest request);
  asio::awaitable<bool> Write(beast::tcp_stream& stream, HttpResponse response, unsigned version,
                              bool keep_alive, bool is_head);

  const HttpServerOptions options_;
  const Handler handler_;
  // Everything below but the workers is touched on this strand only.
  asio::strand<asio::any_io_executor> strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer slot_free_;  // cancelled when a connection ends
  std::size_t connections_ = 0;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  TaskGroup tasks_;
  asio::thread_pool workers_;
};

Result<void> HttpServer::Impl::Listen() {
  const auto address = ParseListenAddress(options_.listen_address);
  if (!address) return Fail(address.error());
  const auto fail = [&](const error_code& code) {
    return Fail(ErrorCode::kUnavailable,
                "cannot listen on " + options_.listen_address + ": " + code.message());
  };
  error_code code;
  tcp::endpoint endpoint(tcp::v6(), address->port);
  if (!address->host.empty()) {
    tcp::resolver resolver(strand_);
    const auto found = resolver.resolve(address->host, std::to_string(address->port),
                                        tcp::resolver::passive, code);
    if (code) return fail(code);
    endpoint = found.begin()->endpoint();
  }
  acceptor_.open(endpoint.protocol(), code);
  if (code == asio::error::address_family_not_supported && address->host.empty()) {
    endpoint = tcp::endpoint(tcp::v4(), address->port);
    acceptor_.open(endpoint.protocol(), code);
  }
  if (code) return fail(code);
  acceptor_.set_option(asio::socket_base::reuse_address(true), code);
  if (endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false), code);
  acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
  if (code) return fail(code);
  port_ = acceptor_.local_endpoint(code).port();
  return {};
}

asio::awaitable<void> HttpServer::Impl::AcceptLoop(std::shared_ptr<Impl> self) {
  while (!stopping_) {
    if (connections_ >= options_.max_connections) {
      slot_free_.expires_at(asio::steady_timer::time_point::max());
      co_await slot_free_.async_wait(kUseTuple);
      continue;
    }
    auto [failure, socket] = co_await acceptor_.async_accept(kUseTuple);
    if (failure == asio::error::operation_aborted) co_return;
    if (failure) {
      // Out of file descriptors, most likely: wait for some to come free.
      spdlog::warn("cannot accept a connection: {}", failure.message());
      slot_free_.expires_after(std::chrono::seconds(1));
      co_await slot_free_.async_wait(kUseTuple);
      continue;
    }
    ++connections_;
    tasks_.Spawn("http connection", Serve(self, std::move(socket)));
  }
}

asio::awaitable<void> HttpServer::Impl::Serve(std::shared_ptr<Impl> /*keeps this alive*/,
                                              tcp::socket socket) {
  // Cancelled while it waits for a request it ends; cancelled in mid-request it answers first.
  co_await asio::this_coro::throw_if_cancelled(false);
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(options_.header_limit_bytes + (16U << 10));
  bool more = true;
  while (more && !stopping_) more = co_await ServeOne(stream, buffer);
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  --connections_;
  slot_free_.cancel();
}

asio::awaitable<bool> HttpServer::Impl::ServeOne(beast::tcp_stream& stream,
                                                 beast::flat_buffer& buffer) {
  if (buffer.size() == 0) {
    stream.expires_after(options_.idle_timeout);
    const auto [failure, size] = co_await stream.async_read_some(buffer.prepare(4096), kUseTuple);
    if (failure) co_return false;
    buffer.commit(size);
  }
  stream.expires_after(options_.request_timeout);
  RequestParser parser;
  parser.header_limit(static_cast<std::uint32_t>(options_.header_limit_bytes));
  parser.body_limit(options_.body_limit_bytes);
  const auto [failure, size] = co_await http::async_read(stream, buffer, parser, kUseTuple);
  if (failure) {
    auto refusal = Refusal(failure);
    if (!refusal) co_return false;
    co_await Write(stream, std::move(*refusal), 11, false, false);
    co_await Drain(stream);
    co_return false;
  }
  const bool keep_alive = parser.keep_alive();
  const bool is_head = parser.get().method() == http::verb::head;
  const unsigned version = parser.get().version();
  auto request = Convert(parser.release());
  HttpResponse response;
  if (request)
    response = co_await Handle(std::move(*request));
  else
    response = PlainResponse(400, "bad request: the target must be a path");
  co_return co_await Write(stream, std::move(response), version, keep_alive && !stopping_, is_head);
}

asio::awaitable<void> HttpServer::Impl::Drain(beast::tcp_stream& stream) {
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream.expires_after(kDrainTimeout);
  std::array<char, 4096> scrap{};
  for (std::size_t drained = 0; drained < kDrainLimitBytes;) {
    const auto [failure, size] = co_await stream.async_read_some(asio::buffer(scrap), kUseTuple);
    if (failure) co_return;
    drained += size;
  }
}

asio::awaitable<HttpResponse> HttpServer::Impl::Handle(HttpRequest request) {
  const auto run = [this, &request]() -> HttpResponse {
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      spdlog::error("{} {} failed: {}", request.method, request.path, error.what());
      return PlainResponse(500, "internal error; the log has the details");
    }
  };
  co_return co_await RunOn(workers_.get_executor(), run);
}

asio::awaitable<bool> HttpServer::Impl::Write(beast::tcp_stream& stream, HttpResponse response,
                                              unsigned version, bool keep_alive, bool is_head) {
  stream.expires_after(options_.write_timeout);
  if (is_head) {
    auto message = MakeHeader<http::empty_body>(response, version, keep_alive);
    message.content_length(response.body.size());
    const auto [failure, size] = co_await http::async_write(stream, message, kUseTuple);
    co_return !failure && message.keep_alive();
  }
  auto message = MakeHeader<http::string_body>(response, version, keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  const auto [failure, size] = co_await http::async_write(stream, message, kUseTuple);
  co_return !failure && message.keep_alive();
}

void HttpServer::Impl::Stop(Duration grace) {
  if (stopping_.exchange(true)) return;
  asio::post(strand_, [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->slot_free_.cancel();
  });
  tasks_.Cancel();
  if (!tasks_.WaitFor(grace))
    spdlog::warn("{} connections were still being answered at the stop", tasks_.size());
  workers_.stop();
  workers_.join();
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(asio::any_io_executor executor,
                                                      HttpServerOptions options, Handler handler,
                                                      TaskGroup::OnFailure on_failure) {
  auto impl = std::make_shared<Impl>(executor, std::move(options), std::move(handler),
                                     std::move(on_failure));
  if (auto listening = impl->Listen(); !listening) return Fail(listening.error());
  impl->Accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->Stop(std::chrono::seconds(2)); }
std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::Stop(Duration grace) { impl_->Stop(grace); }

}  // namespace heapwatch
