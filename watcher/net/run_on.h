// Runs a plain function elsewhere, on a pool of threads, and resumes the calling coroutine with
// what it returned or threw.
//
//   Result<void> stored = co_await RunOn(cpu_pool.get_executor(), [&] { return Ingest(body); });
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace heapwatch {

template <class Function>
boost::asio::awaitable<std::invoke_result_t<Function&>> RunOn(boost::asio::any_io_executor executor,
                                                              Function function) {
  using R = std::invoke_result_t<Function&>;
  co_return co_await boost::asio::co_spawn(
      executor, [&function]() -> boost::asio::awaitable<R> { co_return function(); },
      boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                          boost::asio::use_awaitable));
}

}  // namespace heapwatch
