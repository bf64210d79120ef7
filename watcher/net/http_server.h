// Serves HTTP/1.1: reads requests under limits of size and time and hands each, whole, to a plain
// function.
//
// The handler runs on the server's own bounded pool of threads, several requests at once; what it
// throws is logged and answered with 500. Reading and writing happen on the executor given. HEAD is
// answered like GET without the body. Over max_connections, newcomers wait in the kernel's queue.
// Too large a header is answered with 431, a body with 413, what is not HTTP with 400.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "watcher/net/http.h"
#include "watcher/net/task_group.h"

namespace heapwatch {

struct HttpServerOptions {
  std::string listen_address = "127.0.0.1:9199";  // see ParseListenAddress; port 0 takes a free one
  std::size_t header_limit_bytes = 16U << 10;
  std::size_t body_limit_bytes = 1U << 20;
  std::size_t max_connections = 512;
  std::size_t workers = 2;
  Duration idle_timeout = std::chrono::seconds(60);     // between two requests of a connection
  Duration request_timeout = std::chrono::seconds(10);  // from a request's first byte to its last
  Duration write_timeout = std::chrono::seconds(60);
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens and serves from now on. kUnavailable where the address cannot be listened on; the
  // message names it.
  static Result<std::unique_ptr<HttpServer>> Start(boost::asio::any_io_executor executor,
                                                   HttpServerOptions options, Handler handler,
                                                   TaskGroup::OnFailure on_failure);
  ~HttpServer();  // calls Stop

  std::uint16_t port() const;
  // Takes no more requests, lets those being handled be answered until `grace` has passed, then
  // closes what is left. Waits; never call it from the executor's own thread.
  void Stop(Duration grace = std::chrono::seconds(2));

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace heapwatch
