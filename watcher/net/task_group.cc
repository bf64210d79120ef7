#include "watcher/net/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <unordered_set>

namespace heapwatch {

namespace asio = boost::asio;

struct TaskGroupEntry {
  TaskGroupEntry(const asio::any_io_executor& executor, std::string task_name)
      : strand(asio::make_strand(executor)), name(std::move(task_name)) {}

  // A signal may only be raised where its task runs.
  static void Cancel(const std::shared_ptr<TaskGroupEntry>& entry) {
    asio::post(entry->strand, [entry] { entry->signal.emit(asio::cancellation_type::terminal); });
  }

  asio::strand<asio::any_io_executor> strand;
  asio::cancellation_signal signal;
  std::string name;
};

struct TaskGroupState {
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_set<std::shared_ptr<TaskGroupEntry>> entries;
  std::uint64_t failures = 0;
  bool cancelled = false;
  asio::any_io_executor executor;
  TaskGroup::OnFailure on_failure;
};

namespace {

// What an exception says, nullopt where it only says that the task was cancelled.
std::optional<std::string> FailureOf(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const boost::system::system_error& error) {
    const bool was_cancelled = error.code() == asio::error::operation_aborted ||
                               error.code() == asio::experimental::error::channel_cancelled;
    if (was_cancelled) return std::nullopt;
    return error.what();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

void TaskGroup::Handle::Cancel() const {
  if (const auto entry = entry_.lock()) TaskGroupEntry::Cancel(entry);
}

TaskGroup::TaskGroup(asio::any_io_executor executor, OnFailure on_failure)
    : state_(std::make_shared<TaskGroupState>()) {
  state_->executor = std::move(executor);
  state_->on_failure = std::move(on_failure);
}

TaskGroup::~TaskGroup() = default;

TaskGroup::Handle TaskGroup::Spawn(std::string name, asio::awaitable<void> task) {
  auto entry = std::make_shared<TaskGroupEntry>(state_->executor, std::move(name));
  const auto on_end = [state = state_, entry](const std::exception_ptr& exception) {
    std::optional<std::string> failure;
    if (exception) failure = FailureOf(exception);
    if (failure) state->on_failure(entry->name, *failure);
    const std::scoped_lock lock(state->mutex);
    if (failure) ++state->failures;
    state->entries.erase(entry);
    state->changed.notify_all();
  };
  const std::scoped_lock lock(state_->mutex);
  if (state_->cancelled) return {};
  state_->entries.insert(entry);
  // Posted before any signal is: one that comes before the task has begun is lost, or throws
  // where nobody catches it.
  asio::post(entry->strand, [entry, on_end, task = std::move(task)]() mutable {
    asio::co_spawn(entry->strand, std::move(task),
                   asio::bind_cancellation_slot(entry->signal.slot(), on_end));
  });
  Handle handle;
  handle.entry_ = entry;
  return handle;
}

void TaskGroup::Cancel() {
  const std::scoped_lock lock(state_->mutex);
  state_->cancelled = true;
  for (const auto& entry : state_->entries) TaskGroupEntry::Cancel(entry);
}

bool TaskGroup::WaitFor(Duration timeout) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->entries.empty(); });
}

std::size_t TaskGroup::size() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->entries.size();
}

std::uint64_t TaskGroup::failures() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->failures;
}

}  // namespace heapwatch
