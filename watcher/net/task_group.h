// Keeps hold of every coroutine that runs in the background, so that none is detached: each can be
// told to end, be waited for, and is heard when it fails.
//
// A task runs on a strand of its own. One that ends with an exception is counted and told to
// `on_failure` (from its strand); that it was cancelled is no failure. Spawn, Cancel, WaitFor and
// the counters may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "analysis/base/time.h"

namespace heapwatch {

class TaskGroup {
 public:
  using OnFailure = std::function<void(std::string_view task, std::string_view what)>;
  // A handle on one task; empty handles and those of ended tasks do nothing.
  class Handle {
   public:
    void Cancel() const;

   private:
    friend class TaskGroup;
    std::weak_ptr<struct TaskGroupEntry> entry_;
  };

  TaskGroup(boost::asio::any_io_executor executor, OnFailure on_failure);
  ~TaskGroup();  // all tasks must have ended

  // Starts the task; after Cancel it is dropped unstarted.
  Handle Spawn(std::string name, boost::asio::awaitable<void> task);
  // Asks every task to end: what it awaits fails with operation_aborted or channel_cancelled.
  // Returns at once.
  void Cancel();
  // Waits until no task is left; false when some were still running after `timeout`. Never from a
  // task's own thread.
  bool WaitFor(Duration timeout);

  std::size_t size() const;
  std::uint64_t failures() const;

 private:
  std::shared_ptr<struct TaskGroupState> state_;
};

}  // namespace heapwatch
