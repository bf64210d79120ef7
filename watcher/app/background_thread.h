// A thread for what may wait: judging, ageing. Where the CPU is short, whoever else uses it, the
// kernel gives scraping, storing and answering the larger part (nice 10 against 0: about nine times
// as much), and what runs here takes longer.
#pragma once

#include <boost/asio/thread_pool.hpp>

namespace heapwatch {

class BackgroundThread {
 public:
  BackgroundThread();

  boost::asio::thread_pool::executor_type get_executor() { return pool_.get_executor(); }
  // Waits for what was begun.
  void Join() { pool_.join(); }

 private:
  boost::asio::thread_pool pool_{1};
};

}  // namespace heapwatch
