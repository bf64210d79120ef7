// A bound on the memory that coroutines hold together: who needs more than there is waits, and
// holds up nobody who needs little.
//
// The first MiB of each share is always there. What is beyond comes out of the total; what fits is
// given at once, whoever waits for more. Where nothing fits, one share at a time may take what it
// needs all the same, the one that holds most: it will give back most. Who did not know at first
// how much it needs grows by an eighth of the total at least: else many hold a little and none
// comes to its end. So `n` hold at most n MiB, the total, and what the largest of them needs.
// Take what else is waited for before memory, or two may wait for each other. A share may outlive
// the budget. Any thread.
//
//   ByteShare share(budget);
//   co_await share.GrowTo(body.capacity());   // given back at the end of the scope
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

#include "analysis/base/time.h"

namespace heapwatch {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t total_bytes);

  void SetTotal(std::size_t bytes);
  struct Usage {
    std::size_t bytes = 0;    // that are held
    std::size_t waiting = 0;  // shares that wait for more
  };
  Usage usage() const;

  static constexpr std::size_t kFreeBytes = 1U << 20;  // of each share

 private:
  friend class ByteShare;
  std::shared_ptr<struct ByteBudgetState> state_;
};

class ByteShare {
 public:
  explicit ByteShare(const ByteBudget& budget);
  ~ByteShare();
  ByteShare(const ByteShare&) = delete;
  ByteShare& operator=(const ByteShare&) = delete;

  // At once where it has as much already. Cancelled while it waits, it throws channel_cancelled.
  boost::asio::awaitable<void> GrowTo(std::size_t bytes);
  // All together.
  Duration waited() const { return waited_; }

 private:
  friend struct ByteBudgetState;

  std::shared_ptr<struct ByteBudgetState> budget_;
  std::size_t size_ = 0;
  Duration waited_{};
};

}  // namespace heapwatch
