#include "watcher/net/http_server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/detect_ssl.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "watcher/net/http_connection.h"
#include "watcher/net/permits.h"
#include "watcher/net/url.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kGoodbyeTimeout = std::chrono::seconds(1);
constexpr std::string_view kNotTls =
    "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"
    "This server speaks HTTPS here: begin the address with https://\n";
constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\nToo many connections from your address.\n";

// Whose share of the connections one is: somebody who has one IPv6 address has 2^64.
std::string ShareOf(const asio::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes).to_string();
}

asio::ip::address PeerOf(const tcp::socket& socket) {
  error_code ignored;
  const auto address = socket.remote_endpoint(ignored).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, HttpServerOptions options, Handler handler,
       TaskGroup::OnFailure on_failure, Admit admit)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        admit_(std::move(admit)),
        strand_(asio::make_strand(executor)),
        acceptor_(strand_),
        slot_free_(strand_),
        tls_(options_.tls),
        tasks_(strand_, std::move(on_failure)),
        workers_(std::in_place, options_.workers) {}

  Result<void> Listen();
  void Accept() { tasks_.Spawn("http accept", AcceptLoop(shared_from_this())); }
  std::uint16_t port() const { return port_; }
  void SetTls(std::shared_ptr<const ServerTls> tls);
  void Stop(Duration grace);

 private:
  // What the connections of one peer have together.
  struct Share {
    Permits handling;
    std::size_t connections = 0;
  };
  using ShareMap = std::map<std::string, Share>;  // by ShareOf the peer
  struct Open {
    ShareMap::iterator share;
    TaskGroup::Handle task = {};
    std::optional<std::chrono::steady_clock::time_point> waiting_since = {};
    std::size_t unsent_bytes = 0;  // of an answer that its peer has not taken yet
    bool is_ending = false;        // for want of room for that
  };
  using OpenList = std::list<Open>;

  asio::awaitable<void> AcceptLoop(std::shared_ptr<Impl> self);
  // That a wait for the peer begins (again), or ends.
  void MarkWaiting(OpenList::iterator open, bool is_waiting);
  void EndLongestWaiting();
  void EndSlowestReaders();
  void Take(const std::shared_ptr<Impl>& self, tcp::socket socket);
  asio::awaitable<void> Serve(std::shared_ptr<Impl> self, tcp::socket socket,
                              OpenList::iterator open);
  asio::awaitable<void> ServePlain(beast::tcp_stream stream, OpenList::iterator open);
  asio::awaitable<void> ServeTls(beast::tcp_stream stream, OpenList::iterator open);
  template <class Stream>
  asio::awaitable<void> Converse(Stream& stream, beast::flat_buffer buffer,
                                 OpenList::iterator open);
  beast::flat_buffer MakeBuffer() const {
    return beast::flat_buffer(options_.header_limit_bytes + (16U << 10));
  }

  const HttpServerOptions options_;
  const Handler handler_;
  const Admit admit_;
  // Everything below is touched on this strand only, but that Stop waits for the workers.
  asio::strand<asio::any_io_executor> strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer slot_free_;  // cancelled when a connection ends or begins to wait for its peer
  OpenList open_;
  ShareMap shares_;
  std::size_t unsent_bytes_ = 0;  // of all in open_
  std::shared_ptr<const ServerTls> tls_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  TaskGroup tasks_;
  std::optional<asio::thread_pool> workers_;
};

Result<void> HttpServer::Impl::Listen() {
  const auto address = ParseListenAddress(options_.listen_address);
  if (!address) return Fail(address.error());
  const auto fail = [&](const error_code& code) {
    return Fail(ErrorCode::kUnavailable,
                "cannot listen on " + options_.listen_address + ": " + code.message());
  };
  error_code code;
  tcp::endpoint endpoint(tcp::v6(), address->port);
  if (!address->host.empty()) {
    tcp::resolver resolver(strand_);
    const auto found = resolver.resolve(address->host, std::to_string(address->port),
                                        tcp::resolver::passive, code);
    if (code) return fail(code);
    endpoint = found.begin()->endpoint();
  }
  acceptor_.open(endpoint.protocol(), code);
  if (code == asio::error::address_family_not_supported && address->host.empty()) {
    endpoint = tcp::endpoint(tcp::v4(), address->port);
    acceptor_.open(endpoint.protocol(), code);
  }
  if (code) return fail(code);
  acceptor_.set_option(asio::socket_base::reuse_address(true), code);
  if (endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false), code);
  acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
  if (code) return fail(code);
  port_ = acceptor_.local_endpoint(code).port();
  return {};
}

asio::awaitable<void> HttpServer::Impl::AcceptLoop(std::shared_ptr<Impl> self) {
  while (!stopping_) {
    auto [failure, socket] = co_await acceptor_.async_accept(kUseTuple);
    if (failure == asio::error::operation_aborted) co_return;
    if (failure) {
      // Out of file descriptors, most likely: wait for some to come free.
      spdlog::warn("cannot accept a connection: {}", failure.message());
      slot_free_.expires_after(std::chrono::seconds(1));
      co_await slot_free_.async_wait(kUseTuple);
      continue;
    }
    while (open_.size() >= options_.max_connections && !stopping_) {
      EndLongestWaiting();
      slot_free_.expires_at(asio::steady_timer::time_point::max());
      co_await slot_free_.async_wait(kUseTuple);
    }
    Take(self, std::move(socket));
  }
}

void HttpServer::Impl::MarkWaiting(OpenList::iterator open, bool is_waiting) {
  open->waiting_since.reset();
  if (!is_waiting) return;
  open->waiting_since = std::chrono::steady_clock::now();
  if (open_.size() >= options_.max_connections) slot_free_.cancel();
}

void HttpServer::Impl::EndLongestWaiting() {
  auto longest = open_.end();
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if (!it->waiting_since) continue;
    if (longest == open_.end() || it->waiting_since < longest->waiting_since) longest = it;
  }
  if (longest != open_.end()) longest->task.Cancel();
}

void HttpServer::Impl::EndSlowestReaders() {
  std::size_t unsent_bytes = unsent_bytes_;
  for (const Open& open : open_)
    if (open.is_ending) unsent_bytes -= open.unsent_bytes;
  while (unsent_bytes > options_.unsent_limit_bytes) {
    auto slowest = open_.end();
    std::size_t sending = 0;
    for (auto it = open_.begin(); it != open_.end(); ++it) {
      if (it->unsent_bytes == 0 || it->is_ending) continue;
      ++sending;
      if (slowest == open_.end() || it->waiting_since < slowest->waiting_since) slowest = it;
    }
    if (sending < 2) return;  // one alone may be as large as it is
    slowest->is_ending = true;
    slowest->task.Cancel();
    unsent_bytes -= slowest->unsent_bytes;
  }
}

void HttpServer::Impl::Take(const std::shared_ptr<Impl>& self, tcp::socket socket) {
  const auto share =
      shares_.try_emplace(ShareOf(PeerOf(socket)), Permits(strand_, options_.workers)).first;
  if (share->second.connections >= options_.max_connections_per_peer) {
    // What fits the socket's empty buffer needs no waiting; with TLS there is nothing to be said.
    error_code ignored;
    socket.non_blocking(true, ignored);
    if (!tls_) socket.write_some(asio::buffer(kTooMany), ignored);
    return;
  }
  ++share->second.connections;
  const auto open = open_.insert(open_.end(), Open{share});
  open->task = tasks_.Spawn("http connection", Serve(self, std::move(socket), open));
}

asio::awaitable<void> HttpServer::Impl::Serve(std::shared_ptr<Impl> /*keeps this alive*/,
                                              tcp::socket socket, OpenList::iterator open) {
  // Cancelled while it waits for a request it ends; cancelled in mid-request it answers first.
  co_await asio::this_coro::throw_if_cancelled(false);
  std::exception_ptr failure;
  try {
    if (tls_)
      co_await ServeTls(beast::tcp_stream(std::move(socket)), open);
    else
      co_await ServePlain(beast::tcp_stream(std::move(socket)), open);
  } catch (...) {
    failure = std::current_exception();
  }
  unsent_bytes_ -= open->unsent_bytes;  // some are left where the answer's sending threw
  if (--open->share->second.connections == 0) shares_.erase(open->share);
  open_.erase(open);
  slot_free_.cancel();
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> HttpServer::Impl::ServePlain(beast::tcp_stream stream,
                                                   OpenList::iterator open) {
  co_await Converse(stream, MakeBuffer(), open);
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> HttpServer::Impl::ServeTls(beast::tcp_stream stream,
                                                 OpenList::iterator open) {
  const std::shared_ptr<const ServerTls> tls = tls_;  // others may take its place meanwhile
  beast::flat_buffer buffer = MakeBuffer();
  stream.expires_after(options_.header_timeout);
  MarkWaiting(open, true);  // until a request has come
  const auto [failure, is_tls] = co_await beast::async_detect_ssl(stream, buffer, kUseTuple);
  if (failure) co_return;
  if (!is_tls) {
    co_await asio::async_write(stream, asio::buffer(kNotTls), kUseTuple);
    co_return;
  }
  TlsStream secure(std::move(stream), tls->context());
  const auto [refused, used] =
      co_await secure.async_handshake(asio::ssl::stream_base::server, buffer.data(), kUseTuple);
  if (refused) {
    spdlog::debug("no TLS with {}: {}", PeerOf(secure.next_layer().socket()).to_string(),
                  refused.message());
    co_return;
  }
  buffer.consume(buffer.size());  // all of it was the handshake's
  co_await Converse(secure, std::move(buffer), open);
  secure.next_layer().expires_after(kGoodbyeTimeout);
  co_await secure.async_shutdown(kUseTuple);
}

template <class Stream>
asio::awaitable<void> HttpServer::Impl::Converse(Stream& stream, beast::flat_buffer buffer,
                                                 OpenList::iterator open) {
  const auto mark_waiting = [this, open](bool is_waiting) { MarkWaiting(open, is_waiting); };
  const auto mark_unsent = [this, open](std::size_t bytes) {
    unsent_bytes_ += bytes - open->unsent_bytes;
    open->unsent_bytes = bytes;
    if (unsent_bytes_ > options_.unsent_limit_bytes) EndSlowestReaders();
  };
  HttpConnection<Stream> connection(stream, std::move(buffer),
                                    PeerOf(beast::get_lowest_layer(stream).socket()).to_string(),
                                    {options_, handler_, admit_, workers_, stopping_,
                                     open->share->second.handling, mark_waiting, mark_unsent});
  co_await connection.Run();
}

void HttpServer::Impl::SetTls(std::shared_ptr<const ServerTls> tls) {
  asio::post(strand_, [self = shared_from_this(), tls = std::move(tls)]() mutable {
    self->tls_ = std::move(tls);
  });
}

void HttpServer::Impl::Stop(Duration grace) {
  if (stopping_.exchange(true)) return;
  asio::post(strand_, [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->slot_free_.cancel();
  });
  tasks_.Cancel();
  if (!tasks_.WaitFor(grace))
    spdlog::warn("{} connections were still being answered at the stop", tasks_.size());
  workers_->stop();
  workers_->join();
  // A request that still waits for a worker keeps this alive, and the pool keeps the request.
  const auto dropped = std::make_shared<std::promise<void>>();
  asio::post(strand_, [self = shared_from_this(), dropped] {
    self->workers_.reset();
    dropped->set_value();
  });
  dropped->get_future().wait_for(kGoodbyeTimeout);
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const asio::any_io_executor& executor,
                                                      HttpServerOptions options, Handler handler,
                                                      TaskGroup::OnFailure on_failure,
                                                      Admit admit) {
  auto impl = std::make_shared<Impl>(executor, std::move(options), std::move(handler),
                                     std::move(on_failure), std::move(admit));
  if (auto listening = impl->Listen(); !listening) return Fail(listening.error());
  impl->Accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->Stop(std::chrono::seconds(2)); }
std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::SetTls(std::shared_ptr<const ServerTls> tls) { impl_->SetTls(std::move(tls)); }
void HttpServer::Stop(Duration grace) { impl_->Stop(grace); }

}  // namespace heapwatch
