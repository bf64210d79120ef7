#include "watcher/net/connection_pool.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <utility>

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr Duration kLongestRest = std::chrono::minutes(5);
constexpr Duration kLookEvery = std::chrono::seconds(30);
constexpr std::size_t kMostConnections = 20'000;

std::size_t MostConnections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur / 4, kMostConnections));
}

}  // namespace

asio::execution_context::id ConnectionPool::id;

ConnectionPool::ConnectionPool(asio::execution_context& context)
    : ConnectionPool(context, MostConnections()) {}

ConnectionPool::ConnectionPool(asio::execution_context& context, std::size_t most)
    : asio::execution_context::service(context), most_(most) {}

std::unique_ptr<ClientConnection> ConnectionPool::Take(const ConnectionKey& wanted) {
  const std::scoped_lock lock(mutex_);
  const auto [begin, end] = resting_.equal_range(wanted.way);
  for (auto it = begin; it != end;) {
    if (it->second.connection->key != wanted) {
      ++it;
      continue;
    }
    auto connection = std::move(it->second.connection);
    it = resting_.erase(it);
    if (connection->IsQuiet()) return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(std::unique_ptr<ClientConnection> connection) {
  connection->lowest().expires_never();
  const std::scoped_lock lock(mutex_);
  if (resting_.size() >= most_) return;
  const std::string& way = connection->key.way;
  resting_.emplace(way, Resting{std::move(connection), std::chrono::steady_clock::now()});
}

void ConnectionPool::Close(Duration rested) {
  const auto before = std::chrono::steady_clock::now() - rested;
  const std::scoped_lock lock(mutex_);
  std::erase_if(resting_, [&](const auto& entry) {
    return entry.second.since <= before || !entry.second.connection->IsQuiet();
  });
}

std::size_t ConnectionPool::size() const {
  const std::scoped_lock lock(mutex_);
  return resting_.size();
}

void ConnectionPool::shutdown() {
  const std::scoped_lock lock(mutex_);
  resting_.clear();
}

ConnectionPool& ConnectionPoolOf(const asio::any_io_executor& executor) {
  return asio::use_service<ConnectionPool>(asio::query(executor, asio::execution::context));
}

asio::awaitable<void> CloseRestedConnections() {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(kLookEvery);
    co_await timer.async_wait(asio::use_awaitable);
    ConnectionPoolOf(executor).Close(kLongestRest);
  }
}

}  // namespace heapwatch
