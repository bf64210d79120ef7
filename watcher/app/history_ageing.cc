#include "watcher/app/history_ageing.h"

#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "analysis/base/units.h"
#include "watcher/net/run_on.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr auto kAgeEvery = std::chrono::minutes(1);

void TellOfFailure(const Error& error) {
  spdlog::error("history could not be aged: {}", error.message);
}

void TellOfRoom(const AgeingReport& report) {
  if (report.room_made_before) {
    spdlog::warn("the store was out of room: {} snapshots from before {} were dropped",
                 report.dropped_for_room, FormatRfc3339(*report.room_made_before));
  }
  if (report.is_out_of_room) {
    spdlog::error(
        "the store's disk is nearly full and nothing is left to drop: no new snapshots until there "
        "is room again");
  } else if (report.is_above_limit) {
    spdlog::warn("the store takes {}, more than it may, and nothing is left to drop",
                 FormatBytes(static_cast<double>(report.disk_bytes)));
  }
}

}  // namespace

asio::awaitable<void> AgeHistory(HistoryAgeingParts parts) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    const Retention retention = parts.retention();
    const Time now = parts.clock.Now();
    const auto aged = co_await RunOn(parts.ageing, [&] { return parts.store.Age(retention, now); });
    if (aged) {
      parts.metrics.ObserveAgeing(*aged);
      TellOfRoom(*aged);
      for (const Error& failure : aged->failures) TellOfFailure(failure);
    } else {
      TellOfFailure(aged.error());
    }
    timer.expires_after(kAgeEvery);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace heapwatch
