// A peer that misbehaves to order: listens on loopback and answers every connection with bytes of
// the test's choosing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace heapwatch {

class RawServer {
 public:
  // After the answer: close the connection, keep it open and silent, or answer the next request.
  enum class Then { kClose, kHold, kGoOn };
  // Sends more; false once the peer is gone or the server stops. Of nothing, only asks.
  using Send = std::function<bool(std::string_view)>;
  struct Answer {
    std::string bytes;
    Then then = Then::kClose;
    std::function<void(const Send&)> stream = {};  // may send on after `bytes`, until it returns
  };
  using Script = std::function<Answer(const std::string& request)>;

  // Calls `script` with each request (header, and body as announced); one thread for each
  // connection.
  explicit RawServer(Script script, bool ipv6 = false);
  explicit RawServer(std::string bytes, Then then = Then::kClose);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const;  // "127.0.0.1:1234"
  std::vector<std::string> requests() const;
  std::size_t connections() const { return connections_; }  // so far
  // The most connections that were open at one time.
  std::size_t most_at_once() const { return most_at_once_; }

 private:
  void Listen();
  void Converse(int connection);
  bool AnswerOne(int connection);  // whether another request may follow

  Script script_;
  bool ipv6_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<std::size_t> most_at_once_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> conversations_;
  std::thread accepting_;
};

// "HTTP/1.1 200 OK" and a body with its length.
std::string HttpAnswer(int status, const std::string& content_type, const std::string& body);

}  // namespace heapwatch
