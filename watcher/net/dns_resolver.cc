#include "watcher/net/dns_resolver.h"

// The calls that replace these do not exist on Debian 12.
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace heapwatch {

namespace asio = boost::asio;

namespace {

using Records = std::vector<DnsRecord>;
using Type = DnsSdConfig::Type;

// One name that is asked for.
struct Query {
  Type type;
  std::size_t* waiting;  // how many queries have no answer yet
  Result<Records> records;
};

Records SrvRecords(const unsigned char* answer, int size) {
  Records records;
  ares_srv_reply* list = nullptr;
  if (ares_parse_srv_reply(answer, size, &list) != ARES_SUCCESS) return records;
  for (const ares_srv_reply* one = list; one != nullptr; one = one->next)
    records.push_back({one->host, one->port});
  ares_free_data(list);
  return records;
}

template <class Address, class Parse>
Records AddressRecords(const unsigned char* answer, int size, Parse parse) {
  Records records;
  hostent* host = nullptr;
  if (parse(answer, size, &host, nullptr, nullptr) != ARES_SUCCESS) return records;
  typename Address::bytes_type bytes;
  for (char** one = host->h_addr_list; *one != nullptr; ++one) {
    std::copy_n(*one, bytes.size(), bytes.begin());
    records.push_back({Address(bytes).to_string(), 0});
  }
  ares_free_hostent(host);
  return records;
}

Records RecordsIn(Type type, const unsigned char* answer, int size) {
  if (type == Type::kSrv) return SrvRecords(answer, size);
  if (type == Type::kA)
    return AddressRecords<asio::ip::address_v4>(answer, size, ares_parse_a_reply);
  return AddressRecords<asio::ip::address_v6>(answer, size, ares_parse_aaaa_reply);
}

void OnAnswer(void* argument, int status, int /*timeouts*/, unsigned char* answer, int size) {
  Query& query = *static_cast<Query*>(argument);
  --*query.waiting;
  if (status == ARES_SUCCESS) {
    query.records = RecordsIn(query.type, answer, size);
    std::sort(query.records->begin(), query.records->end());
  } else if (status != ARES_ENOTFOUND && status != ARES_ENODATA) {
    query.records = Fail(ErrorCode::kUnavailable, ares_strerror(status));
  }
}

// The sockets of a look-up behind one descriptor that Asio can wait for.
class Sockets {
 public:
  explicit Sockets(const asio::any_io_executor& executor) : all_(executor) {
    const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
    if (descriptor >= 0)
      all_.assign(descriptor);
    else
      opened_ = Fail(ErrorCode::kUnavailable,
                     std::string("no descriptor to ask by: ") + std::strerror(errno) +
                         ": raise the limit of the process (ulimit -n, LimitNOFILE of its unit)");
  }

  const Result<void>& opened() const { return opened_; }

  // What c-ares tells as its sockets come, change their mind, and go.
  static void OnState(void* self, ares_socket_t socket, int readable, int writable) {
    epoll_event event{};
    event.events = (readable != 0 ? EPOLLIN : 0U) | (writable != 0 ? EPOLLOUT : 0U);
    event.data.fd = socket;
    const int all = static_cast<Sockets*>(self)->all_.native_handle();
    if (event.events == 0)
      ::epoll_ctl(all, EPOLL_CTL_DEL, socket, nullptr);
    else if (::epoll_ctl(all, EPOLL_CTL_MOD, socket, &event) != 0)
      ::epoll_ctl(all, EPOLL_CTL_ADD, socket, &event);
  }

  // Until something has come or c-ares has given up on it, and has it see to that.
  asio::awaitable<void> Step(ares_channel channel) {
    using asio::experimental::awaitable_operators::operator||;
    constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
    timeval limit{.tv_sec = 1, .tv_usec = 0};
    timeval left{};
    const timeval* wait = ares_timeout(channel, &limit, &left);
    asio::steady_timer timer(
        co_await asio::this_coro::executor,
        std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec));
    co_await (all_.async_wait(asio::posix::stream_descriptor::wait_read, kUseTuple) ||
              timer.async_wait(kUseTuple));
    std::array<epoll_event, 16> events;
    const int count =
        ::epoll_wait(all_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const bool is_writable = (event.events & EPOLLOUT) != 0;
      const bool is_readable = (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
      ares_process_fd(channel, is_readable ? event.data.fd : ARES_SOCKET_BAD,
                      is_writable ? event.data.fd : ARES_SOCKET_BAD);
    }
    if (count <= 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }

 private:
  asio::posix::stream_descriptor all_;
  Result<void> opened_;
};

// What a look-up asks by. It must go before what its callbacks write to.
class Asking {
 public:
  Asking(const asio::any_io_executor& executor, std::string resolv_conf, std::uint16_t port)
      : sockets_(executor), ready_(sockets_.opened()) {
    if (!ready_) return;
    ares_options options{};
    options.sock_state_cb = Sockets::OnState;
    options.sock_state_cb_data = &sockets_;
    options.resolvconf_path = resolv_conf.data();
    options.udp_port = port;
    options.tcp_port = port;
    const int which =
        ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    const int status = ares_init_options(&channel_, &options, which);
    if (status != ARES_SUCCESS) ready_ = Fail(ErrorCode::kUnavailable, ares_strerror(status));
  }
  ~Asking() {
    if (ready_) ares_destroy(channel_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  const Result<void>& ready() const { return ready_; }  // an error: nothing can be asked
  ares_channel channel() { return channel_; }
  asio::awaitable<void> Step() { return sockets_.Step(channel_); }

 private:
  Sockets sockets_;
  ares_channel channel_ = nullptr;
  Result<void> ready_;
};

// What OnAddresses answers.
struct AddressQuery {
  bool is_answered = false;
  Result<std::vector<asio::ip::address>> addresses;
};

void OnAddresses(void* argument, int status, int /*timeouts*/, ares_addrinfo* found) {
  AddressQuery& query = *static_cast<AddressQuery*>(argument);
  query.is_answered = true;
  if (status != ARES_SUCCESS) {
    query.addresses = Fail(ErrorCode::kUnavailable, ares_strerror(status));
    return;
  }
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (node->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), node->ai_addr, node->ai_addrlen);
    query.addresses->push_back(endpoint.address());
  }
  ares_freeaddrinfo(found);
}

int TypeCode(Type type) {
  if (type == Type::kSrv) return ns_t_srv;
  return type == Type::kA ? ns_t_a : ns_t_aaaa;
}

}  // namespace

asio::awaitable<std::vector<Result<Records>>> DnsResolver::LookUp(std::vector<std::string> names,
                                                                  Type type) const {
  std::size_t waiting = names.size();
  std::vector<Query> queries(names.size(), Query{type, &waiting, Records()});
  std::vector<Result<Records>> results;
  Asking asking(co_await asio::this_coro::executor, resolv_conf_, port_);
  if (!asking.ready()) {
    results.assign(names.size(), Fail(asking.ready().error()));
    co_return results;
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    ares_search(asking.channel(), names[i].c_str(), ns_c_in, TypeCode(type), OnAnswer, &queries[i]);
  while (waiting > 0) co_await asking.Step();
  for (Query& query : queries) results.push_back(std::move(query.records));
  co_return results;
}

asio::awaitable<Result<std::vector<asio::ip::address>>> DnsResolver::AddressesOf(
    std::string host) const {
  AddressQuery query;
  Asking asking(co_await asio::this_coro::executor, resolv_conf_, port_);
  if (!asking.ready()) co_return Fail(asking.ready().error());
  const ares_addrinfo_hints hints{};  // of both families
  ares_getaddrinfo(asking.channel(), host.c_str(), nullptr, &hints, OnAddresses, &query);
  while (!query.is_answered) co_await asking.Step();
  co_return std::move(query.addresses);
}

}  // namespace heapwatch
