// Waits for something to happen in directories, by inotify. Where the system gives no watch (its
// limits are reached, the directory is not there) only the time counts. One coroutine at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "analysis/base/time.h"

namespace heapwatch {

class DirectoryWatch {
 public:
  explicit DirectoryWatch(const boost::asio::any_io_executor& executor);

  // Watches this directory as well; one that is watched already, or was made anew, may be added
  // again.
  void Add(const std::string& directory);
  // Until a file was written, moved, made or removed, and a moment more for its fellows; or until
  // `timeout` has passed.
  boost::asio::awaitable<void> Wait(Duration timeout);

 private:
  boost::asio::posix::stream_descriptor events_;
};

}  // namespace heapwatch
