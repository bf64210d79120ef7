// Ages the store's history every minute (store/retention.h), beside everything else.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>

#include "watcher/app/service_metrics.h"
#include "watcher/net/clock.h"
#include "watcher/store/retention.h"
#include "watcher/store/store.h"

namespace heapwatch {

// All of them outlive the task.
struct HistoryAgeingParts {
  boost::asio::any_io_executor ageing;
  const Clock& clock;
  Store& store;
  ServiceMetrics& metrics;
  std::function<Retention()> retention;  // in force now
};

// Ends by cancellation alone. What goes wrong or is dropped early is told in the log and metrics.
boost::asio::awaitable<void> AgeHistory(HistoryAgeingParts parts);

}  // namespace heapwatch
