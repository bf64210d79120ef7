#include "watcher/notify/receiver.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

namespace heapwatch {

namespace asio = boost::asio;

void Receiver::Stop() {
  stopping = true;
  Wake();
}

NotifierStatus Receiver::Status(std::string name) const {
  return {.url = std::move(name),
          .sent = sent,
          .refused = refused,
          .dropped = queue.dropped_count(),
          .errors = errors,
          .queued = queue.size()};
}

asio::awaitable<void> EmptyQueue(Receiver& receiver, NotifierOptions options,
                                 std::function<asio::awaitable<bool>()> attempt) {
  using asio::experimental::awaitable_operators::operator||;
  // Where both fail, || throws what TaskGroup does not take for a cancellation.
  constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Duration wait = options.first_wait;
  while (!receiver.stopping || receiver.queue.size() > 0) {
    if (receiver.queue.size() == 0) {
      co_await receiver.woken.async_receive(asio::use_awaitable);
      continue;
    }
    const bool is_last = receiver.stopping;
    if (co_await attempt()) {
      wait = options.first_wait;
      continue;
    }
    if (is_last) co_return;
    timer.expires_after(wait);
    while (!receiver.stopping && std::chrono::steady_clock::now() < timer.expiry())
      co_await (timer.async_wait(kUseTuple) || receiver.woken.async_receive(kUseTuple));
    wait = std::min(2 * wait, options.longest_wait);
  }
}

std::optional<DeliveryFailure> FailureOf(const Result<HttpResponse>& response) {
  if (response && response->status >= 200 && response->status < 300) return std::nullopt;
  Error error = response ? DescribeStatus(*response) : response.error();
  const bool try_again = !response || error.code == ErrorCode::kUnavailable;
  return DeliveryFailure{std::move(error), try_again};
}

}  // namespace heapwatch
