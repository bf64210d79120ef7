#include "watcher/net/permits.h"

#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace heapwatch {

namespace asio = boost::asio;
using boost::system::error_code;

// A channel with room for `count` messages: a permit is a message in it, whoever finds it full
// waits.
struct PermitsState {
  PermitsState(const asio::any_io_executor& executor, std::size_t count)
      : channel(executor, count) {}
  asio::experimental::concurrent_channel<asio::any_io_executor, void(error_code)> channel;
};

Permits::Permits(const asio::any_io_executor& executor, std::size_t count)
    : state_(std::make_shared<PermitsState>(executor, count)) {}

asio::awaitable<Permits::Permit> Permits::Acquire() {
  const auto state = state_;
  co_await state->channel.async_send(error_code(), asio::use_awaitable);
  co_return Permit(state);
}

Permits::Permit::~Permit() {
  if (state_) state_->channel.try_receive([](const error_code&) {});
}

}  // namespace heapwatch
