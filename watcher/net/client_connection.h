// A connection to a peer, with TLS or without, on which HttpClient speaks HTTP. For HttpClient and
// connection_pool.h only. It belongs to the executor of the coroutine that opened it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <string>
#include <variant>

#include "analysis/base/error.h"
#include "watcher/net/dns_resolver.h"
#include "watcher/net/http_exchange.h"

namespace heapwatch {

// Whom a connection leads to, by which way, and whose it is: what must be equal for it to be used
// again.
struct ConnectionKey {
  boost::asio::any_io_executor executor;
  std::string way;  // scheme, host and port of the peer and of the proxy, and the login there
  std::shared_ptr<boost::asio::ssl::context> tls;  // of https
  bool operator==(const ConnectionKey&) const = default;
};

struct ClientConnection {
  using Plain = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<Plain>;

  Plain& lowest();
  // Whether nothing has come while it was at rest: neither its end nor bytes that nobody asked for.
  bool IsQuiet();

  ConnectionKey key;
  std::variant<Plain, Tls> stream;
};

// The name looked up, connected, through the proxy where there is one, the peer's certificate
// checked.
boost::asio::awaitable<Result<std::unique_ptr<ClientConnection>>> OpenConnection(
    HttpExchange& x, ConnectionKey key, const DnsResolver& resolver);

}  // namespace heapwatch
