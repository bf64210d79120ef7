// A bound on how many coroutines may do something at the same time: the others wait their turn. Any
// thread.
//
//   const Permits::Permit permit = co_await permits.Acquire();   // given back at the end of the
//   scope
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

namespace heapwatch {

class Permits {
 public:
  class Permit {
   public:
    ~Permit();
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&&) = delete;

   private:
    friend class Permits;
    explicit Permit(std::shared_ptr<struct PermitsState> state) : state_(std::move(state)) {}
    std::shared_ptr<struct PermitsState> state_;
  };

  Permits(const boost::asio::any_io_executor& executor, std::size_t count);
  // Cancelled while it waits, it throws channel_cancelled.
  boost::asio::awaitable<Permit> Acquire();

 private:
  std::shared_ptr<struct PermitsState> state_;
};

}  // namespace heapwatch
