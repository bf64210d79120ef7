// Serves HTTP/1.1, over TLS where told to: reads requests under limits of size and time and hands
// each, whole, to a plain function.
//
// A request is let in by `admit` once its header has come, before its body is read. The handler
// runs on the server's own bounded pool of threads, several requests at once; what it throws is
// logged and answered with 500. Reading and writing happen on the executor given. HEAD is answered
// like GET without the body. Too large a header is answered with 431, a body with 413, what is not
// HTTP with 400. Every answer forbids the browser to run, frame, sniff or keep it, but for what the
// handler says otherwise.
//
// Floods: a peer holds so many connections at most and is refused more (503). Over max_connections
// in all the one gives way that has waited longest for its peer, to send or to read; while all are
// being handled, newcomers wait in the kernel's queue. Over unsent_limit_bytes the one gives way
// whose peer has taken longest to read. Requests of one connection are answered one after the
// other, and of one peer as many at once as there are workers, so that neither pipelining nor many
// connections keep others waiting for more than that.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "watcher/net/http.h"
#include "watcher/net/server_tls.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

struct HttpServerOptions {
  std::string listen_address = "127.0.0.1:9199";  // see ParseListenAddress; port 0 takes a free one
  std::shared_ptr<const ServerTls> tls;           // null: plain HTTP
  std::size_t header_limit_bytes = 16U << 10;
  std::size_t max_header_fields = 100;
  std::size_t max_connections = 512;
  std::size_t max_connections_per_peer = 256;  // an IPv4 address or an IPv6 network of 64 bits
  std::size_t workers = 2;
  std::size_t unsent_limit_bytes = 256U << 20;         // of answers in all
  Duration idle_timeout = std::chrono::seconds(60);    // between two requests of a connection
  Duration header_timeout = std::chrono::seconds(10);  // of a TLS handshake, and of a header
  Duration body_timeout = std::chrono::seconds(30);    // from the header's end to the body's
  Duration write_timeout = std::chrono::seconds(60);
};

// What becomes of a request whose header has come.
struct Admission {
  std::optional<HttpResponse> answer;       // in the handler's stead: a refusal, or without a wait
  std::size_t body_limit_bytes = 1U << 20;  // of the body that may follow
  Labels headers;                           // for the answer, in place of its own
  std::shared_ptr<void> held;               // let go when the request has been answered
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  // Sees the request without its body and may say who asks. Runs on the server's executor.
  using Admit = std::function<boost::asio::awaitable<Admission>(HttpRequest&)>;

  // Listens and serves from now on. kUnavailable where the address cannot be listened on; the
  // message names it. Without `admit` everybody is let in.
  static Result<std::unique_ptr<HttpServer>> Start(const boost::asio::any_io_executor& executor,
                                                   HttpServerOptions options, Handler handler,
                                                   TaskGroup::OnFailure on_failure,
                                                   Admit admit = nullptr);
  ~HttpServer();  // calls Stop

  std::uint16_t port() const;
  // For connections that come from now on; null is plain HTTP. Any thread.
  void SetTls(std::shared_ptr<const ServerTls> tls);
  // Takes no more requests, lets those being handled be answered until `grace` has passed, then
  // closes what is left. Waits; never call it from the executor's own thread.
  void Stop(Duration grace = std::chrono::seconds(2));

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace heapwatch
