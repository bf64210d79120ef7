// A client of plain bytes, for what a well-behaved one would never send. Every read ends after a
// minute at the latest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heapwatch {

class RawClient {
 public:
  // To 127.0.0.1, from `source`, which may be any address of loopback.
  explicit RawClient(std::uint16_t port, const std::string& source = "127.0.0.1");
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;

  void Send(std::string_view bytes);
  std::string ReadToEnd();
  // Reads until `text` has come or the peer has closed.
  std::string ReadUntil(std::string_view text);

 private:
  int socket_;
};

}  // namespace heapwatch
