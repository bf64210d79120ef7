// Stands in for the targets in tests of the scraper.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <new>
#include <string>

#include "tests/support/test_profile.h"
#include "watcher/scrape/fetcher.h"

namespace heapwatch {

// Answers at once, or after a while, with what the test set.
class FakeFetcher : public Fetcher {
 public:
  boost::asio::awaitable<Result<std::string>> Fetch(Target target, ByteShare& memory) override {
    const UnderWay counted(*this);
    co_await memory.GrowTo(body_bytes);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay.load());
    co_await timer.async_wait(boost::asio::use_awaitable);
    if (lacks_memory) throw std::bad_alloc();
    if (fails) co_return Fail(ErrorCode::kTimeout, "timed out: " + target.url);
    co_await memory.GrowTo(late_bytes);
    std::string body = TestProfileBytes(1 << 20);
    body.reserve(late_bytes);
    co_return body;
  }

  boost::asio::awaitable<Result<std::string>> FetchMetrics(Target, ByteShare&) override {
    co_return "";
  }

  std::atomic<Duration> delay = Duration(0);
  std::atomic<bool> fails = false;
  std::atomic<bool> lacks_memory = false;
  std::atomic<std::size_t> body_bytes = 0;  // that it takes of the memory, before it asks
  std::atomic<std::size_t> late_bytes = 0;  // that the body turns out to be
  std::atomic<int> under_way = 0;
  std::atomic<int> most_at_once = 0;

 private:
  // Counts a fetch for as long as it lasts, cancelled or not.
  struct UnderWay {
    explicit UnderWay(FakeFetcher& counting) : fetcher(counting) {
      fetcher.most_at_once = std::max(fetcher.most_at_once.load(), ++fetcher.under_way);
    }
    ~UnderWay() { --fetcher.under_way; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    FakeFetcher& fetcher;
  };
};

}  // namespace heapwatch
