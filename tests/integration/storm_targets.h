// A thousand targets on loopback, each on an address of its own (127.1.0.0 and up) at one port, of
// which a third misbehave, each in its own way. Two threads serve them all.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace heapwatch {

enum class Behaviour {
  kFine,
  kHang,      // accepts and says nothing
  kTrickle,   // a byte now and then
  kReset,     // closes with a reset
  kLie,       // announces more than it sends
  kEndless,   // a body without an end
  kBomb,      // gzip that inflates a thousandfold
  kRedirect,  // to itself, for ever
  kChange,    // a profile the first time, a login page from then on
};
constexpr std::size_t kBehaviours = 9;

class StormTargets {
 public:
  // `bomb` is what the bombs serve.
  StormTargets(std::size_t count, std::string bomb);
  ~StormTargets();

  std::size_t count() const { return count_; }
  std::string address(std::size_t index) const;  // "127.1.0.7:1234"
  // Every third misbehaves.
  static Behaviour BehaviourOf(std::size_t index);

 private:
  boost::asio::awaitable<void> Accept();
  boost::asio::awaitable<void> Converse(boost::asio::ip::tcp::socket socket);
  std::string FirstAnswer(Behaviour behaviour, std::size_t index);

  const std::size_t count_;
  const std::string bomb_;
  const std::string profile_;
  std::mutex mutex_;
  std::map<std::size_t, std::size_t> requests_;  // guarded by mutex_
  boost::asio::thread_pool pool_{2};
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace heapwatch
