#include "watcher/net/http_client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <optional>
#include <variant>
#include <vector>

#include "watcher/net/client_connection.h"
#include "watcher/net/client_credentials.h"
#include "watcher/net/client_tls.h"
#include "watcher/net/connection_pool.h"
#include "watcher/net/headers.h"
#include "watcher/net/http_exchange.h"
#include "watcher/net/url.h"
#include "watcher/net/version.h"

namespace heapwatch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Phase = HttpExchange::Phase;
using boost::system::error_code;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kQuoteLimitBytes = 160;
constexpr std::size_t kReadBytes = 64U << 10;  // at most at once, as Beast has it
constexpr int kMostRedirects = 10;             // as Go has it

http::request<http::string_body> MakeRequest(const HttpExchange& x) {
  http::request<http::string_body> request;
  request.method_string(x.call.method);
  const bool is_proxied = x.proxy && x.url.scheme == "http";
  request.target(is_proxied ? "http://" + x.url.authority() + x.url.target : x.url.target);
  request.set(http::field::host, x.url.authority());
  request.set(http::field::user_agent, "heapwatch/" + std::string(Version()));
  request.set(http::field::accept_encoding, "identity");
  for (const auto& [name, value] : x.call.headers) request.set(name, value);
  for (const auto& [name, value] : x.credentials) request.insert(name, value);
  if (is_proxied && !x.proxy->authorization.empty())
    request.set(http::field::proxy_authorization, x.proxy->authorization);
  request.body() = x.call.body;
  request.prepare_payload();
  return request;
}

HttpResponse Convert(http::response<http::string_body> message) {
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.headers = HeadersOf(message);
  response.content_type = std::string(Get(response.headers, "content-type"));
  response.body = std::move(message.body());
  return response;
}

bool IsCut(const error_code& code) {
  return code == http::error::end_of_stream || code == asio::error::connection_reset ||
         code == asio::error::broken_pipe || code == asio::ssl::error::stream_truncated;
}

// For what the next read may bring. Of a body whose length was announced the room is made at once,
// but it is not there before it is filled.
template <class Stream>
asio::awaitable<void> TakeMemory(Stream& stream, HttpExchange& x) {
  const std::string& body = x.parser->get().body();
  const std::size_t held = x.parser->content_length() ? body.size() : body.capacity();
  const Duration before = x.call.memory->waited();
  co_await x.call.memory->GrowTo(held + kReadBytes);
  x.deadline += x.call.memory->waited() - before;
  beast::get_lowest_layer(stream).expires_at(x.deadline);
}

struct Heard {
  HttpResponse response;
  bool stays_open = false;
};

template <class Stream>
asio::awaitable<Result<Heard>> Converse(Stream& stream, HttpExchange& x) {
  x.phase = Phase::kSend;
  HttpExchange::Parser& parser = x.parser.emplace();
  auto request = MakeRequest(x);
  const auto [write_failure, written] = co_await http::async_write(stream, request, kUseTuple);
  // A peer may answer and close before it has read everything: its answer says more than the broken
  // pipe.
  const bool may_have_answered =
      write_failure == asio::error::broken_pipe || write_failure == asio::error::connection_reset;
  if (write_failure && !may_have_answered) co_return Fail(Describe(x, write_failure));

  x.phase = Phase::kAwaitAnswer;
  beast::flat_buffer buffer(kHeaderLimitBytes + (16U << 10));
  parser.header_limit(kHeaderLimitBytes);
  parser.body_limit(x.call.body_limit_bytes);
  const auto [header_failure, header_bytes] =
      co_await http::async_read_header(stream, buffer, parser, kUseTuple);
  x.was_cut_unheard = IsCut(header_failure) && !parser.got_some();
  if (header_failure) co_return Fail(Describe(x, header_failure));

  x.phase = Phase::kReadBody;
  if (x.call.on_piece && parser.get().result() == http::status::ok) {
    parser.body_limit(boost::none);
    while (x.call.on_piece(std::exchange(parser.get().body(), {})) && !parser.is_done()) {
      const auto [failure, size] =
          co_await http::async_read_some(stream, buffer, parser, kUseTuple);
      if (failure) co_return Fail(Describe(x, failure));
    }
  } else {
    while (!parser.is_done()) {
      if (x.call.memory != nullptr) co_await TakeMemory(stream, x);
      const auto [failure, size] =
          co_await http::async_read_some(stream, buffer, parser, kUseTuple);
      if (failure) co_return Fail(Describe(x, failure));
    }
  }
  const bool stays_open =
      parser.is_done() && !parser.need_eof() && parser.keep_alive() && buffer.size() == 0;
  co_return Heard{Convert(parser.release()), stays_open};
}

// A connection that can be used again afterwards is put back.
asio::awaitable<Result<HttpResponse>> ConverseOn(std::unique_ptr<ClientConnection> connection,
                                                 HttpExchange& x, ConnectionPool& pool) {
  connection->lowest().expires_at(x.deadline);
  Result<Heard> heard;
  if (auto* tls = std::get_if<ClientConnection::Tls>(&connection->stream))
    heard = co_await Converse(*tls, x);
  else
    heard = co_await Converse(connection->lowest(), x);
  if (!heard) co_return Fail(heard.error());
  if (heard->stays_open) pool.Put(std::move(connection));
  co_return std::move(heard->response);
}

std::string WayOf(const HttpExchange& x) {
  std::string way = x.url.scheme + "://" + x.url.endpoint();
  if (x.proxy) way += " by " + x.proxy->url.endpoint() + ' ' + x.proxy->authorization;
  return way;
}

asio::awaitable<Result<HttpResponse>> SendOnce(HttpExchange& x, ClientTls& contexts,
                                               const DnsResolver& resolver) {
  ConnectionKey key;
  key.executor = co_await asio::this_coro::executor;
  key.way = WayOf(x);
  if (x.url.scheme == "https") {
    auto context = contexts.ContextFor(x.call.config.tls);
    if (!context) co_return Fail(context.error());
    key.tls = *std::move(context);
  }
  ConnectionPool& pool = ConnectionPoolOf(key.executor);
  if (auto rested = pool.Take(key)) {
    auto response = co_await ConverseOn(std::move(rested), x, pool);
    if (!x.was_cut_unheard) co_return response;  // else the peer may have closed it just now
  }
  auto opened = co_await OpenConnection(x, std::move(key), resolver);
  if (!opened) co_return Fail(opened.error());
  co_return co_await ConverseOn(*std::move(opened), x, pool);
}

// The first line of a body, short and printable, for messages.
std::string FirstLine(std::string_view body) {
  const std::size_t begin = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  body = body.substr(begin, body.find_first_of("\r\n", begin) - begin);
  std::string line(body.substr(0, kQuoteLimitBytes));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '.';
  if (body.size() > kQuoteLimitBytes) line += "...";
  return line;
}

// Where the answer sends us on to; nullopt where it is to be taken as it is.
std::optional<HttpUrl> RedirectOf(const HttpCall& call, const HttpUrl& from,
                                  const HttpResponse& response) {
  const int status = response.status;
  const bool repeats = status == 307 || status == 308;
  const bool changes_to_get = status == 301 || status == 302 || status == 303;
  if (!call.config.follow_redirects || !(repeats || (changes_to_get && call.method == "GET")))
    return std::nullopt;
  // Both only view their texts.
  const std::string asked = from.scheme + "://" + from.endpoint() + from.target;
  const auto base = boost::urls::parse_uri(asked);
  const auto reference = boost::urls::parse_uri_reference(Get(response.headers, "location"));
  if (base.has_error() || reference.has_error()) return std::nullopt;
  boost::urls::url resolved;
  if (boost::urls::resolve(*base, *reference, resolved).has_error()) return std::nullopt;
  auto url = ParseHttpUrl(std::string_view(resolved.data(), resolved.size()));
  if (!url) return std::nullopt;
  return *std::move(url);
}

}  // namespace

HttpClient::HttpClient(DnsResolver resolver)
    : tls_(std::make_shared<ClientTls>()), resolver_(std::move(resolver)) {}

asio::awaitable<Result<HttpResponse>> HttpClient::Send(HttpCall call) const {
  const auto contexts = tls_;
  auto first = ParseHttpUrl(call.url);
  if (!first) co_return Fail(first.error());
  const auto deadline = std::chrono::steady_clock::now() + call.timeout;
  auto credentials = CredentialHeaders(call.config);
  if (!credentials) co_return Fail(credentials.error());
  std::optional<Proxy> proxy;
  if (!call.config.proxy_url.empty()) {
    auto parsed = ParseProxy(call.config.proxy_url);
    if (!parsed) co_return Fail(parsed.error());
    proxy = *std::move(parsed);
  }
  HttpUrl url = *std::move(first);
  for (int redirects = 0;; ++redirects) {
    HttpExchange x{call, url, *credentials, proxy, deadline};
    auto response = co_await SendOnce(x, *contexts, resolver_);
    if (!response) co_return Fail(response.error());
    auto next = RedirectOf(call, url, *response);
    if (!next) co_return response;
    if (redirects == kMostRedirects)
      co_return Fail(ErrorCode::kLimit, "redirected more than " + std::to_string(kMostRedirects) +
                                            " times, at last to " + next->endpoint() +
                                            ": give the final address");
    // Another peer must not learn what was meant for this one.
    if (next->scheme != url.scheme || next->endpoint() != url.endpoint()) credentials->clear();
    url = *std::move(next);
  }
}

Error DescribeStatus(const HttpResponse& response) {
  std::string message = "HTTP status " + std::to_string(response.status);
  const auto reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
  if (!reason.empty()) message += ' ' + std::string(reason);
  const std::string_view location = Get(response.headers, "location");
  if (response.status >= 300 && response.status < 400 && !location.empty())
    message +=
        " to " + FirstLine(location) + ": this redirect is not followed, give the final address";
  else if (const std::string line = FirstLine(response.body); !line.empty())
    message += ": " + line;
  ErrorCode code = ErrorCode::kInvalidArgument;
  if (response.status == 404 || response.status == 410) code = ErrorCode::kNotFound;
  if (response.status == 429 || response.status >= 500) code = ErrorCode::kUnavailable;
  return {code, std::move(message)};
}

}  // namespace heapwatch
