#include "watcher/net/byte_budget.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <iterator>
#include <list>
#include <mutex>

namespace heapwatch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t kSteps = 8;
}  // namespace

struct ByteBudgetState {
  struct Waiting {
    Waiting(const asio::any_io_executor& executor, ByteShare& waiting_share,
            std::size_t wanted_bytes)
        : share(waiting_share), bytes(wanted_bytes), served(executor, 1) {}

    ByteShare& share;
    const std::size_t bytes;
    asio::experimental::concurrent_channel<asio::any_io_executor, void(error_code)> served;
  };

  explicit ByteBudgetState(std::size_t total_bytes) : total(total_bytes) {}

  // All three with the mutex held.
  bool TryGrow(ByteShare& share, std::size_t bytes, bool may_overdraw);
  void Shrink(ByteShare& share);
  void Serve();

  mutable std::mutex mutex;  // guards all below, and the size of each share
  std::size_t total;
  std::size_t held = 0;
  std::size_t charged = 0;               // held beyond what is free
  const ByteShare* overdrawn = nullptr;  // the one that may
  std::list<Waiting*> waiting;           // the longest first
};

bool ByteBudgetState::TryGrow(ByteShare& share, std::size_t bytes, bool may_overdraw) {
  const auto charge = [](std::size_t size) {
    return size - std::min(size, ByteBudget::kFreeBytes);
  };
  if (share.size_ > 0 && charge(bytes) > 0) {
    const std::size_t step = total / kSteps + 1;
    bytes = share.size_ + (bytes - share.size_ + step - 1) / step * step;
  }
  const std::size_t charge_then = charged - charge(share.size_) + charge(bytes);
  const bool fits = charge_then <= total || charge(bytes) == 0;
  if (!fits && overdrawn != &share) {
    if (overdrawn != nullptr || !may_overdraw) return false;
    overdrawn = &share;
  }
  held += bytes - share.size_;
  charged = charge_then;
  share.size_ = bytes;
  return true;
}

void ByteBudgetState::Shrink(ByteShare& share) {
  held -= share.size_;
  charged -= share.size_ - std::min(share.size_, ByteBudget::kFreeBytes);
  share.size_ = 0;
  if (overdrawn == &share) overdrawn = nullptr;
  Serve();
}

void ByteBudgetState::Serve() {
  const auto serve = [&](auto it, bool may_overdraw) {
    Waiting& one = **it;
    if (!TryGrow(one.share, one.bytes, may_overdraw)) return std::next(it);
    const auto next = waiting.erase(it);
    one.served.try_send(error_code());
    return next;
  };
  for (auto it = waiting.begin(); it != waiting.end();) it = serve(it, /*may_overdraw=*/false);
  if (overdrawn != nullptr || waiting.empty()) return;
  const auto holds_less = [](const Waiting* a, const Waiting* b) {
    return a->share.size_ < b->share.size_;
  };
  serve(std::max_element(waiting.begin(), waiting.end(), holds_less), /*may_overdraw=*/true);
}

ByteBudget::ByteBudget(std::size_t total_bytes)
    : state_(std::make_shared<ByteBudgetState>(total_bytes)) {}

void ByteBudget::SetTotal(std::size_t bytes) {
  const std::scoped_lock lock(state_->mutex);
  state_->total = bytes;
  state_->Serve();
}

ByteBudget::Usage ByteBudget::usage() const {
  const std::scoped_lock lock(state_->mutex);
  return {state_->held, state_->waiting.size()};
}

ByteShare::ByteShare(const ByteBudget& budget) : budget_(budget.state_) {}

ByteShare::~ByteShare() {
  const std::scoped_lock lock(budget_->mutex);
  budget_->Shrink(*this);
}

asio::awaitable<void> ByteShare::GrowTo(std::size_t bytes) {
  // Only this coroutine changes its size, until it waits.
  if (bytes <= size_) co_return;
  const auto executor = co_await asio::this_coro::executor;
  ByteBudgetState::Waiting waiting(executor, *this, bytes);
  {
    const std::scoped_lock lock(budget_->mutex);
    if (budget_->TryGrow(*this, bytes, budget_->waiting.empty())) co_return;
    budget_->waiting.push_back(&waiting);
  }
  // However the wait ends.
  struct Leave {
    ByteBudgetState& budget;
    ByteBudgetState::Waiting& waiting;
    ~Leave() {
      const std::scoped_lock lock(budget.mutex);
      budget.waiting.remove(&waiting);
    }
  } leave{*budget_, waiting};
  const auto since = std::chrono::steady_clock::now();
  co_await waiting.served.async_receive(asio::use_awaitable);
  waited_ += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - since);
}

}  // namespace heapwatch
