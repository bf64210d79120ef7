#include "watcher/app/background_thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace heapwatch {
namespace {

int Nice() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

TEST(BackgroundThread, GivesWayToAllOthers) {
  BackgroundThread background;
  const int there =
      boost::asio::post(background.get_executor(), boost::asio::use_future(&Nice)).get();
  EXPECT_EQ(there, 10);
  EXPECT_LT(Nice(), there);
}

}  // namespace
}  // namespace heapwatch
