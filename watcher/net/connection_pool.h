// Connections at rest, to be used again by the next call to the same peer. For HttpClient; there is
// one pool for each io_context, and it is gone with it. Any thread.
//
// A connection is closed after five minutes of rest, as Prometheus does it. At most a quarter of
// the descriptors that the process may open are kept; who comes later has his connection closed: to
// let the oldest go would, of more targets than places, keep every one from its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution_context.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "analysis/base/time.h"
#include "watcher/net/client_connection.h"

namespace heapwatch {

class ConnectionPool : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;  // as Asio asks of a service

  explicit ConnectionPool(boost::asio::execution_context& context);
  ConnectionPool(boost::asio::execution_context& context, std::size_t most);

  // One that still seems to be open; null where there is none.
  std::unique_ptr<ClientConnection> Take(const ConnectionKey& wanted);
  void Put(std::unique_ptr<ClientConnection> connection);
  // Those that have rested so long, and those that the peer has closed.
  void Close(Duration rested);
  std::size_t size() const;

 private:
  struct Resting {
    std::unique_ptr<ClientConnection> connection;
    std::chrono::steady_clock::time_point since;
  };

  void shutdown() override;

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::multimap<std::string, Resting> resting_;  // by their way; guarded by mutex_
};

// That of the context the executor runs on.
ConnectionPool& ConnectionPoolOf(const boost::asio::any_io_executor& executor);

// Closes in time what nobody calls any more; ends by cancellation alone.
boost::asio::awaitable<void> CloseRestedConnections();

}  // namespace heapwatch
