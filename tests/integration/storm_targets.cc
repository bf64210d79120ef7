#include "tests/integration/storm_targets.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

#include "tests/support/raw_server.h"
#include "tests/support/test_profile.h"

namespace heapwatch {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kFirstAddress = 0x7f010000;  // 127.1.0.0

// Until the peer gives up.
asio::awaitable<void> WriteForEver(tcp::socket& socket, std::string piece, Duration pause) {
  asio::steady_timer timer(socket.get_executor());
  for (;;) {
    const auto [failure, size] = co_await asio::async_write(socket, asio::buffer(piece), kUseTuple);
    if (failure) co_return;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

StormTargets::StormTargets(std::size_t count, std::string bomb)
    : count_(count),
      bomb_(std::move(bomb)),
      profile_(TestProfileBytes(1 << 20)),
      acceptor_(pool_, tcp::endpoint(asio::ip::address_v4::any(), 0)) {
  asio::co_spawn(pool_, Accept(), asio::detached);
}

StormTargets::~StormTargets() {
  pool_.stop();
  pool_.join();
}

std::string StormTargets::address(std::size_t index) const {
  return asio::ip::address_v4(kFirstAddress + static_cast<std::uint32_t>(index)).to_string() + ':' +
         std::to_string(acceptor_.local_endpoint().port());
}

Behaviour StormTargets::BehaviourOf(std::size_t index) {
  return index % 3 == 0 ? static_cast<Behaviour>(1 + index / 3 % (kBehaviours - 1))
                        : Behaviour::kFine;
}

asio::awaitable<void> StormTargets::Accept() {
  for (;;) {
    auto [failure, socket] = co_await acceptor_.async_accept(asio::make_strand(pool_), kUseTuple);
    if (failure) continue;
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, Converse(std::move(socket)), asio::detached);
  }
}

std::string StormTargets::FirstAnswer(Behaviour behaviour, std::size_t index) {
  switch (behaviour) {
    case Behaviour::kFine:
      return HttpAnswer(200, "application/octet-stream", profile_);
    case Behaviour::kHang:
    case Behaviour::kReset:
      return "";
    case Behaviour::kTrickle:
      return "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    case Behaviour::kLie:
      return "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + profile_;
    case Behaviour::kEndless:
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    case Behaviour::kBomb:
      return HttpAnswer(200, "application/octet-stream", bomb_);
    case Behaviour::kRedirect:
      return "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    case Behaviour::kChange: {
      const std::scoped_lock lock(mutex_);
      return requests_[index]++ == 0
                 ? HttpAnswer(200, "application/octet-stream", profile_)
                 : HttpAnswer(200, "text/html",
                              "<!DOCTYPE html><html><title>Log in</title></html>");
    }
  }
  return "";
}

asio::awaitable<void> StormTargets::Converse(tcp::socket socket) {
  std::string request;
  const auto [read_failure, size] = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(request, 1U << 16), "\r\n\r\n", kUseTuple);
  boost::system::error_code code;
  const auto here = socket.local_endpoint(code);
  if (read_failure || code) co_return;
  const std::size_t index = here.address().to_v4().to_uint() - kFirstAddress;
  const Behaviour behaviour = BehaviourOf(index);
  const std::string answer = FirstAnswer(behaviour, index);
  co_await asio::async_write(socket, asio::buffer(answer), kUseTuple);
  switch (behaviour) {
    case Behaviour::kHang: {
      char nothing = 0;
      co_await socket.async_read_some(asio::buffer(&nothing, 1), kUseTuple);
      break;
    }
    case Behaviour::kTrickle:
      co_await WriteForEver(socket, "x", std::chrono::milliseconds(100));
      break;
    case Behaviour::kEndless:
      co_await WriteForEver(socket, "10000\r\n" + std::string(0x10000, 'x') + "\r\n", Duration(0));
      break;
    case Behaviour::kReset:
      socket.set_option(asio::socket_base::linger(true, 0), code);
      socket.close(code);  // its destructor would forget the option
      break;
    default:
      socket.shutdown(tcp::socket::shutdown_send, code);
      break;
  }
}

}  // namespace heapwatch
