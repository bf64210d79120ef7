// Checks passwords against bcrypt hashes, which are slow on purpose, without letting anybody take
// the processors by it.
//
// One check runs at a time, on a thread of the lowest priority that rests after a wrong password as
// long as the check took. A password found right is remembered (as a keyed digest, in memory only),
// so that who asks every few seconds pays once. Few may wait in all, fewer of one peer: the others
// are told to come again. Used from one strand at a time.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace heapwatch {

class PasswordCheck {
 public:
  enum class Outcome { kRight, kWrong, kBusy };

  PasswordCheck();
  ~PasswordCheck();  // waits for the check that runs

  boost::asio::awaitable<Outcome> Check(std::string password, std::string hash, std::string peer);

  std::size_t checks() const { return checks_; }  // how many were computed

  static constexpr std::size_t kMostWaiting = 32;
  static constexpr std::size_t kMostWaitingOfPeer = 8;

 private:
  using Digest = std::array<unsigned char, 32>;
  Digest DigestOf(const std::string& password, const std::string& hash) const;
  bool Knows(const Digest& digest) const;
  bool Compute(const std::string& password, const std::string& hash, const Digest& digest);

  const Digest key_;
  std::atomic<std::size_t> checks_ = 0;
  mutable std::mutex mutex_;
  std::set<Digest> right_;                      // guarded by mutex_, as is the rest
  std::map<std::string, std::size_t> waiting_;  // by peer
  std::size_t all_waiting_ = 0;
  boost::asio::thread_pool thread_{1};
};

}  // namespace heapwatch
