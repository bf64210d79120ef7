#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace heapwatch {
namespace {

constexpr int kPollMs = 20;

int BindLoopback(bool ipv6, std::uint16_t& port) {
  const int listener = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (ipv6) {
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_addr = in6addr_loopback;
    size = sizeof(*address);
  } else {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof(*address);
  }
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&storage), size) != 0)
    throw std::runtime_error("cannot bind to loopback");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&storage), &size);
  port = ntohs(ipv6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                    : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  return listener;
}

bool IsWhole(const std::string& request) {
  const std::size_t end = request.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string name = "Content-Length: ";
  const std::size_t length = request.find(name);
  if (length == std::string::npos || length > end) return true;
  const auto announced = std::strtoul(request.c_str() + length + name.size(), nullptr, 10);
  return request.size() - end - 4 >= announced;
}

}  // namespace

RawServer::RawServer(Script script, bool ipv6) : script_(std::move(script)), ipv6_(ipv6) {
  listener_ = BindLoopback(ipv6_, port_);
  ::listen(listener_, SOMAXCONN);
  accepting_ = std::thread([this] { Listen(); });
}

RawServer::RawServer(std::string bytes, Then then)
    : RawServer(
          [answer = Answer{std::move(bytes), then, {}}](const std::string&) { return answer; }) {}

RawServer::~RawServer() {
  stopping_ = true;
  accepting_.join();
  for (std::thread& conversation : conversations_) conversation.join();
  ::close(listener_);
}

std::string RawServer::address() const {
  return (ipv6_ ? "[::1]:" : "127.0.0.1:") + std::to_string(port_);
}

std::vector<std::string> RawServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void RawServer::Listen() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, kPollMs) <= 0) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    ++connections_;
    const std::size_t open = ++open_;
    if (open > most_at_once_) most_at_once_ = open;
    conversations_.emplace_back([this, connection] {
      Converse(connection);
      --open_;
      ::close(connection);
    });
  }
}

void RawServer::Converse(int connection) {
  while (AnswerOne(connection)) {
  }
}

bool RawServer::AnswerOne(int connection) {
  std::string request;
  std::array<char, 65536> chunk{};
  const auto read_some = [&] {
    pollfd ready{connection, POLLIN, 0};
    if (::poll(&ready, 1, kPollMs) <= 0) return true;
    const ssize_t size = ::recv(connection, chunk.data(), chunk.size(), 0);
    if (size > 0) request.append(chunk.data(), static_cast<std::size_t>(size));
    return size > 0;
  };
  while (!stopping_ && !IsWhole(request))
    if (!read_some()) return false;
  if (stopping_) return false;
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
  }
  const Answer answer = script_(request);
  const Send send = [&](std::string_view bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t size =
          ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return false;
      sent += static_cast<std::size_t>(size);
    }
    return !stopping_;
  };
  if (!send(answer.bytes)) return false;
  if (answer.stream) answer.stream(send);
  while (answer.then == Then::kHold && !stopping_)
    if (!read_some()) return false;
  return answer.then == Then::kGoOn && !stopping_;
}

std::string HttpAnswer(int status, const std::string& content_type, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: " + content_type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace heapwatch
