#include "watcher/net/http_client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <optional>
#include <variant>
#include <vector>

#include "analysis/base/units.h"
#include "watcher/net/client_credentials.h"
#include "watcher/net/client_tls.h"
#include "watcher/net/headers.h"
#include "watcher/net/url.h"
#include "watcher/net/version.h"

namespace heapwatch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeaderLimitBytes = 64U << 10;
constexpr std::size_t kQuoteLimitBytes = 160;
constexpr int kMostRedirects = 10;  // as Go has it

using Parser = http::response_parser<http::string_body>;

enum class Phase { kResolve, kConnect, kProxy, kHandshake, kSend, kAwaitAnswer, kReadBody };

std::string_view Describe(Phase phase) {
  switch (phase) {
    case Phase::kResolve:
      return "while looking up the host's name";
    case Phase::kConnect:
      return "while connecting";
    case Phase::kProxy:
      return "while the proxy was connecting";
    case Phase::kHandshake:
      return "during the TLS handshake";
    case Phase::kSend:
      return "while sending the request";
    case Phase::kAwaitAnswer:
      return "while waiting for the answer, the connection being open";
    case Phase::kReadBody:
      return "while reading the answer's body";
  }
  return "";
}

// One exchange and how far it has come, so that an error can tell its phase.
struct Exchange {
  const HttpCall& call;
  HttpUrl url;
  const HeaderList& credentials;
  const std::optional<Proxy>& proxy;
  SteadyTime deadline;
  Phase phase = Phase::kResolve;
  Parser parser;

  // Whom the connection goes to.
  const HttpUrl& hop() const { return proxy ? proxy->url : url; }
  std::string hop_name() const { return (proxy ? "the proxy " : "") + hop().endpoint(); }
};

Error TimedOut(const Exchange& x) {
  std::string message =
      "timed out after " + FormatDuration(x.call.timeout) + ' ' + std::string(Describe(x.phase));
  if (x.phase == Phase::kReadBody)
    message += " (" + FormatBytes(static_cast<double>(x.parser.get().body().size())) + " had come)";
  return {ErrorCode::kTimeout, std::move(message)};
}

Error CutShort(const Exchange& x) {
  std::string message = "the connection was closed in mid-answer";
  if (const auto announced = x.parser.content_length())
    message += ": " + std::to_string(x.parser.get().body().size()) + " of " +
               std::to_string(*announced) + " bytes had come";
  return {ErrorCode::kUnavailable, std::move(message)};
}

Error OverLimit(const Exchange& x) {
  std::string message =
      "the body is over the limit of " + FormatBytes(static_cast<double>(x.call.body_limit_bytes));
  if (!x.call.body_limit_setting.empty())
    message += "; where that is expected, raise " + std::string(x.call.body_limit_setting);
  return {ErrorCode::kLimit, std::move(message)};
}

Error NotHttp(const Exchange& x, const error_code& code) {
  std::string message = "what answers on " + x.url.endpoint() + " does not speak HTTP (" +
                        code.message() + "): is this the right port?";
  if (x.url.scheme == "http") message += " If it expects TLS, the scheme must be https";
  return {ErrorCode::kWrongFormat, std::move(message)};
}

Error Describe(const Exchange& x, const error_code& code) {
  const std::string endpoint = x.url.endpoint();
  if (code == beast::error::timeout) return TimedOut(x);
  if (code == asio::error::operation_aborted) return {ErrorCode::kUnavailable, "stopped"};
  if (code == asio::error::connection_refused)
    return {ErrorCode::kUnavailable, "connection refused by " + x.hop_name() +
                                         ": is the process running, and is this its port?"};
  if (x.phase == Phase::kConnect)
    return {ErrorCode::kUnavailable, "cannot connect to " + x.hop_name() + ": " + code.message()};
  if (code == http::error::body_limit) return OverLimit(x);
  if (code == http::error::end_of_stream)
    return {ErrorCode::kUnavailable, endpoint + " closed the connection without an answer"};
  if (x.phase == Phase::kHandshake)
    return {ErrorCode::kUnavailable, "no TLS with " + endpoint + ": " + code.message()};
  const bool was_cut = code == http::error::partial_message || code == asio::error::eof ||
                       code == asio::ssl::error::stream_truncated;
  if (was_cut) return CutShort(x);
  if (code.category() == make_error_code(http::error::end_of_stream).category())
    return NotHttp(x, code);
  return {ErrorCode::kUnavailable,
          endpoint + ": " + code.message() + ' ' + std::string(Describe(x.phase))};
}

http::request<http::string_body> MakeRequest(const Exchange& x) {
  http::request<http::string_body> request;
  request.method_string(x.call.method);
  const bool is_proxied = x.proxy && x.url.scheme == "http";
  request.target(is_proxied ? "http://" + x.url.authority() + x.url.target : x.url.target);
  request.set(http::field::host, x.url.authority());
  request.set(http::field::user_agent, "heapwatch/" + std::string(Version()));
  request.set(http::field::accept_encoding, "identity");
  request.keep_alive(false);
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

asio::awaitable<Result<std::vector<tcp::endpoint>>> Resolve(Exchange& x,
                                                            const DnsResolver& resolver) {
  using asio::experimental::awaitable_operators::operator||;
  std::vector<tcp::endpoint> endpoints;
  error_code code;
  // Numbers need no look-up, which would queue behind the names.
  const auto address = asio::ip::make_address(x.hop().host, code);
  if (!code) {
    endpoints.emplace_back(address, x.hop().port);
    co_return endpoints;
  }
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, x.deadline);
  const auto first = co_await (resolver.AddressesOf(x.hop().host) || timer.async_wait(kUseTuple));
  if (first.index() == 1) co_return Fail(TimedOut(x));
  const auto& found = std::get<0>(first);
  if (!found)
    co_return Fail(found.error().code,
                   "cannot look up the host \"" + x.hop().host + "\": " + found.error().message);
  for (const auto& one : *found) endpoints.emplace_back(one, x.hop().port);
  co_return endpoints;
}

template <class Stream>
asio::awaitable<Result<HttpResponse>> Converse(Stream& stream, Exchange& x) {
  x.phase = Phase::kSend;
  auto request = MakeRequest(x);
  const auto [write_failure, written] = co_await http::async_write(stream, request, kUseTuple);
  // A peer may answer and close before it has read everything: its answer says more than the broken
  // pipe.
  const bool may_have_answered =
      write_failure == asio::error::broken_pipe || write_failure == asio::error::connection_reset;
  if (write_failure && !may_have_answered) co_return Fail(Describe(x, write_failure));

  x.phase = Phase::kAwaitAnswer;
  beast::flat_buffer buffer(kHeaderLimitBytes + (16U << 10));
  x.parser.header_limit(kHeaderLimitBytes);
  x.parser.body_limit(x.call.body_limit_bytes);
  const auto [header_failure, header_bytes] =
      co_await http::async_read_header(stream, buffer, x.parser, kUseTuple);
  if (header_failure) co_return Fail(Describe(x, header_failure));

  x.phase = Phase::kReadBody;
  if (x.call.on_piece && x.parser.get().result() == http::status::ok) {
    x.parser.body_limit(boost::none);
    while (x.call.on_piece(std::exchange(x.parser.get().body(), {})) && !x.parser.is_done()) {
      const auto [failure, size] =
          co_await http::async_read_some(stream, buffer, x.parser, kUseTuple);
      if (failure) co_return Fail(Describe(x, failure));
    }
    co_return Convert(x.parser.release());
  }
  const auto [body_failure, body_bytes] =
      co_await http::async_read(stream, buffer, x.parser, kUseTuple);
  if (body_failure) co_return Fail(Describe(x, body_failure));
  co_return Convert(x.parser.release());
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

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// nullopt once the peer has shown that it is who it should be.
asio::awaitable<std::optional<Error>> Handshake(TlsStream& stream, Exchange& x) {
  x.phase = Phase::kHandshake;
  const TlsClientConfig& tls = x.call.config.tls;
  const std::string& name = tls.server_name.empty() ? x.url.host : tls.server_name;
  error_code is_name;
  asio::ip::make_address(name, is_name);
  // What SSL_set_tlsext_host_name does, without its C cast.
  if (is_name)
    SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  if (!tls.insecure_skip_verify) {
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(name));
  }
  const auto [failure] = co_await stream.async_handshake(asio::ssl::stream_base::client, kUseTuple);
  if (!failure) co_return std::nullopt;
  const long verified = SSL_get_verify_result(stream.native_handle());
  if (tls.insecure_skip_verify || verified == X509_V_OK) co_return Describe(x, failure);
  co_return Error{ErrorCode::kUnavailable,
                  "the certificate of " + x.url.endpoint() +
                      " is not accepted: " + X509_verify_cert_error_string(verified)};
}

// Has the proxy connect to the peer; nullopt once what is sent reaches it.
asio::awaitable<std::optional<Error>> Tunnel(beast::tcp_stream& stream, Exchange& x) {
  x.phase = Phase::kProxy;
  http::request<http::empty_body> request;
  request.method(http::verb::connect);
  request.target(x.url.endpoint());
  request.set(http::field::host, x.url.endpoint());
  if (!x.proxy->authorization.empty())
    request.set(http::field::proxy_authorization, x.proxy->authorization);
  const auto [write_failure, written] = co_await http::async_write(stream, request, kUseTuple);
  if (write_failure) co_return Describe(x, write_failure);
  // An answer to CONNECT has no body: what follows is the peer's.
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  parser.header_limit(kHeaderLimitBytes);
  beast::flat_buffer buffer(kHeaderLimitBytes);
  const auto [failure, size] = co_await http::async_read_header(stream, buffer, parser, kUseTuple);
  if (failure) co_return Describe(x, failure);
  const auto status = parser.get().result_int();
  if (status >= 200 && status < 300) co_return std::nullopt;
  co_return Error{ErrorCode::kUnavailable, x.hop_name() + " does not connect to " +
                                               x.url.endpoint() + ": HTTP status " +
                                               std::to_string(status)};
}

asio::awaitable<Result<HttpResponse>> SendOnce(Exchange& x, ClientTls& contexts,
                                               const DnsResolver& resolver) {
  auto endpoints = co_await Resolve(x, resolver);
  if (!endpoints) co_return Fail(endpoints.error());

  x.phase = Phase::kConnect;
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_at(x.deadline);
  const auto [failure, endpoint] = co_await stream.async_connect(*endpoints, kUseTuple);
  if (failure) co_return Fail(Describe(x, failure));
  if (x.url.scheme == "http") co_return co_await Converse(stream, x);

  const auto context = contexts.ContextFor(x.call.config.tls);
  if (!context) co_return Fail(context.error());
  if (x.proxy) {
    if (auto refused = co_await Tunnel(stream, x)) co_return Fail(std::move(*refused));
  }
  TlsStream tls(std::move(stream), **context);
  tls.next_layer().expires_at(x.deadline);
  if (auto refused = co_await Handshake(tls, x)) co_return Fail(std::move(*refused));
  co_return co_await Converse(tls, x);
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
  const SteadyTime deadline = std::chrono::steady_clock::now() + call.timeout;
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
    Exchange x{call, url, *credentials, proxy, deadline, Phase::kResolve, {}};
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
