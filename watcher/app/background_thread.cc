#include "watcher/app/background_thread.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

namespace heapwatch {
namespace {

constexpr int kNice = 10;

}  // namespace

BackgroundThread::BackgroundThread() {
  boost::asio::post(pool_, [] {
    // On Linux a nice value is a thread's own.
    if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
      spdlog::warn("judging and ageing run at full priority: {}", std::strerror(errno));
  });
}

}  // namespace heapwatch
