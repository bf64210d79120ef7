#include "watcher/net/byte_budget.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <iterator>

namespace heapwatch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t kSteps = 8;
}  // namespace

struct ByteBudget::Waiting {
  Waiting(const asio::any_io_executor& executor, ByteShare& waiting_share, std::size_t wanted_bytes)
      : share(waiting_share), bytes(wanted_bytes), served(executor, 1) {}

  ByteShare& share;
  const std::size_t bytes;
  asio::experimental::concurrent_channel<asio::any_io_executor, void(error_code)> served;
};

bool ByteBudget::TryGrow(ByteShare& share, std::size_t bytes, bool may_overdraw) {
  const auto charge = [](std::size_t size) { return size - std::min(size, kFreeBytes); };
  if (share.size_ > 0 && charge(bytes) > 0) {
    const std::size_t step = total_ / kSteps + 1;
    bytes = share.size_ + (bytes - share.size_ + step - 1) / step * step;
  }
  const std::size_t charged = charged_ - charge(share.size_) + charge(bytes);
  const bool fits = charged <= total_ || charge(bytes) == 0;
  if (!fits && overdrawn_ != &share) {
    if (overdrawn_ != nullptr || !may_overdraw) return false;
    overdrawn_ = &share;
  }
  held_ += bytes - share.size_;
  charged_ = charged;
  share.size_ = bytes;
  return true;
}

void ByteBudget::Shrink(ByteShare& share) {
  held_ -= share.size_;
  charged_ -= share.size_ - std::min(share.size_, kFreeBytes);
  share.size_ = 0;
  if (overdrawn_ == &share) overdrawn_ = nullptr;
  Serve();
}

void ByteBudget::Serve() {
  const auto serve = [&](auto it, bool may_overdraw) {
    Waiting& waiting = **it;
    if (!TryGrow(waiting.share, waiting.bytes, may_overdraw)) return std::next(it);
    const auto next = waiting_.erase(it);
    waiting.served.try_send(error_code());
    return next;
  };
  for (auto it = waiting_.begin(); it != waiting_.end();) it = serve(it, /*may_overdraw=*/false);
  if (overdrawn_ != nullptr || waiting_.empty()) return;
  const auto holds_less = [](const Waiting* a, const Waiting* b) {
    return a->share.size_ < b->share.size_;
  };
  serve(std::max_element(waiting_.begin(), waiting_.end(), holds_less), /*may_overdraw=*/true);
}

void ByteBudget::SetTotal(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  total_ = bytes;
  Serve();
}

ByteBudget::Usage ByteBudget::usage() const {
  const std::scoped_lock lock(mutex_);
  return {held_, waiting_.size()};
}

ByteShare::~ByteShare() {
  const std::scoped_lock lock(budget_.mutex_);
  budget_.Shrink(*this);
}

asio::awaitable<void> ByteShare::GrowTo(std::size_t bytes) {
  // Only this coroutine changes its size, until it waits.
  if (bytes <= size_) co_return;
  const auto executor = co_await asio::this_coro::executor;
  ByteBudget::Waiting waiting(executor, *this, bytes);
  {
    const std::scoped_lock lock(budget_.mutex_);
    if (budget_.TryGrow(*this, bytes, budget_.waiting_.empty())) co_return;
    budget_.waiting_.push_back(&waiting);
  }
  // However the wait ends.
  struct Leave {
    ByteBudget& budget;
    ByteBudget::Waiting& waiting;
    ~Leave() {
      const std::scoped_lock lock(budget.mutex_);
      budget.waiting_.remove(&waiting);
    }
  } leave{budget_, waiting};
  const auto since = std::chrono::steady_clock::now();
  co_await waiting.served.async_receive(asio::use_awaitable);
  waited_ += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - since);
}

}  // namespace heapwatch
