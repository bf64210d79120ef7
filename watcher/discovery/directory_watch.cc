#include "watcher/discovery/directory_watch.h"

#include <sys/inotify.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace heapwatch {

namespace asio = boost::asio;

namespace {

// Whoever writes several files, or removes one and makes it again, is given this long.
constexpr Duration kSettle(100);
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

DirectoryWatch::DirectoryWatch(const asio::any_io_executor& executor) : events_(executor) {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor >= 0) events_.assign(descriptor);
}

void DirectoryWatch::Add(const std::string& directory) {
  if (events_.is_open())
    ::inotify_add_watch(events_.native_handle(), directory.empty() ? "." : directory.c_str(),
                        kEvents);
}

asio::awaitable<void> DirectoryWatch::Wait(Duration timeout) {
  using asio::experimental::awaitable_operators::operator||;
  asio::steady_timer timer(co_await asio::this_coro::executor, timeout);
  if (!events_.is_open()) {
    co_await timer.async_wait(asio::use_awaitable);
    co_return;
  }
  constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
  std::array<char, 4096> events;
  const auto first = co_await (events_.async_read_some(asio::buffer(events), kUseTuple) ||
                               timer.async_wait(kUseTuple));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() == asio::cancellation_type::none && first.index() == 1) co_return;
  timer.expires_after(kSettle);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace heapwatch
