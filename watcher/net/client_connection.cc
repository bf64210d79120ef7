#include "watcher/net/client_connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace heapwatch {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

using asio::ip::tcp;
using boost::system::error_code;

using Phase = HttpExchange::Phase;
using Plain = ClientConnection::Plain;
using Tls = ClientConnection::Tls;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

asio::awaitable<Result<std::vector<tcp::endpoint>>> Resolve(HttpExchange& x,
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

// nullopt once the peer has shown that it is who it should be.
asio::awaitable<std::optional<Error>> Handshake(Tls& stream, HttpExchange& x) {
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
asio::awaitable<std::optional<Error>> Tunnel(Plain& stream, HttpExchange& x) {
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

}  // namespace

ClientConnection::Plain& ClientConnection::lowest() {
  if (auto* tls = std::get_if<Tls>(&stream)) return tls->next_layer();
  return std::get<Plain>(stream);
}

bool ClientConnection::IsQuiet() {
  char byte = 0;
  const auto size = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size < 0 && errno == EAGAIN;
}

asio::awaitable<Result<std::unique_ptr<ClientConnection>>> OpenConnection(
    HttpExchange& x, ConnectionKey key, const DnsResolver& resolver) {
  auto endpoints = co_await Resolve(x, resolver);
  if (!endpoints) co_return Fail(endpoints.error());

  x.phase = Phase::kConnect;
  Plain stream(key.executor);
  stream.expires_at(x.deadline);
  const auto [failure, endpoint] = co_await stream.async_connect(*endpoints, kUseTuple);
  if (failure) co_return Fail(Describe(x, failure));
  if (!key.tls)
    co_return std::make_unique<ClientConnection>(
        ClientConnection{std::move(key), std::move(stream)});
  if (x.proxy) {
    if (auto refused = co_await Tunnel(stream, x)) co_return Fail(std::move(*refused));
  }
  Tls tls(std::move(stream), *key.tls);
  tls.next_layer().expires_at(x.deadline);
  if (auto refused = co_await Handshake(tls, x)) co_return Fail(std::move(*refused));
  co_return std::make_unique<ClientConnection>(ClientConnection{std::move(key), std::move(tls)});
}

}  // namespace heapwatch
