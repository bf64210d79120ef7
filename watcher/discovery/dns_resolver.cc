#include "watcher/discovery/dns_resolver.h"

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
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
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
  explicit Sockets(const asio::any_io_executor& executor)
      : all_(executor, ::epoll_create1(EPOLL_CLOEXEC)) {}

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
};

int TypeCode(Type type) {
  if (type == Type::kSrv) return ns_t_srv;
  return type == Type::kA ? ns_t_a : ns_t_aaaa;
}

}  // namespace

asio::awaitable<std::vector<Result<Records>>> DnsResolver::LookUp(std::vector<std::string> names,
                                                                  Type type) const {
  std::size_t waiting = names.size();
  std::vector<Query> queries(names.size(), Query{type, &waiting, Records()});
  Sockets sockets(co_await asio::this_coro::executor);
  ares_options options{};
  options.sock_state_cb = Sockets::OnState;
  options.sock_state_cb_data = &sockets;
  std::string path = resolv_conf_;
  options.resolvconf_path = path.data();
  options.udp_port = port_;
  options.tcp_port = port_;
  const int which =
      ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
  ares_channel made = nullptr;
  std::vector<Result<Records>> results;
  if (const int status = ares_init_options(&made, &options, which); status != ARES_SUCCESS) {
    results.assign(names.size(), Fail(ErrorCode::kUnavailable, ares_strerror(status)));
    co_return results;
  }
  // Gone before what its callbacks write to.
  const std::unique_ptr<ares_channeldata, void (*)(ares_channel)> channel(made, ares_destroy);
  for (std::size_t i = 0; i < names.size(); ++i)
    ares_search(channel.get(), names[i].c_str(), ns_c_in, TypeCode(type), OnAnswer, &queries[i]);
  while (waiting > 0) co_await sockets.Step(channel.get());
  for (Query& query : queries) results.push_back(std::move(query.records));
  co_return results;
}

}  // namespace heapwatch
