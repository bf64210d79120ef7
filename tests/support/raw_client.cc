#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace heapwatch {

RawClient::RawClient(std::uint16_t port, const std::string& source)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  ::inet_pton(AF_INET, source.c_str(), &own.sin_addr);
  ::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof(own));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const timeval timeout{60, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(port));
}

RawClient::RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the peer has had enough; what it answered is still there to be read
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string RawClient::ReadToEnd() { return ReadUntil({}); }

std::string RawClient::ReadUntil(std::string_view text) {
  std::string all;
  std::array<char, 4096> chunk{};
  while (text.empty() || all.find(text) == std::string::npos) {
    const ssize_t size = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (size <= 0) break;
    all.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return all;
}

}  // namespace heapwatch
