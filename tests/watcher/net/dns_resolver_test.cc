#include "watcher/net/dns_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <vector>

#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_directory.h"
#include "watcher/net/http_client.h"
#include "watcher/net/task_group.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using asio::ip::make_address;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

// A name server that takes what it is asked and never answers.
class SilentServer {
 public:
  DnsResolver resolver() const {
    return DnsResolver(resolv_conf_, socket_.local_endpoint().port());
  }

 private:
  TemporaryDirectory directory_;
  std::string resolv_conf_ = directory_.Write("resolv.conf", "nameserver 127.0.0.1\n");
  asio::io_context context_;
  asio::ip::udp::socket socket_{context_, asio::ip::udp::endpoint(make_address("127.0.0.1"), 0)};
};

TEST(DnsResolver, KnowsThisHost) {
  const auto found = RunCoroutine(DnsResolver().AddressesOf("localhost"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, Contains(make_address("127.0.0.1")));
}

// No descriptor can be opened for as long as it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(DnsResolver, SaysSoWhereNoDescriptorIsLeft) {
  const DnsResolver resolver;
  asio::io_context context;
  asio::ip::udp::socket first(context, asio::ip::udp::v4());  // for those that `context` needs
  auto addresses = asio::co_spawn(context, resolver.AddressesOf("localhost"), asio::use_future);
  auto records = asio::co_spawn(
      context, resolver.LookUp({"a.test", "b.test"}, DnsSdConfig::Type::kA), asio::use_future);
  {
    const NoDescriptors none;
    context.run();
  }
  const auto found = addresses.get();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(found.error().message,
              AllOf(HasSubstr("Too many open files"), HasSubstr("LimitNOFILE")));
  for (const auto& of_name : records.get()) {
    ASSERT_FALSE(of_name);
    EXPECT_EQ(of_name.error().message, found.error().message);
  }
}

TEST(DnsResolver, LetsOthersGoOnWhileAServerDoesNotAnswer) {
  const SilentServer server;
  const DnsResolver resolver = server.resolver();
  asio::io_context context;
  std::vector<std::string> order;
  TaskGroup tasks(context.get_executor(),
                  [&](std::string_view, std::string_view what) { order.emplace_back(what); });
  tasks.Spawn("the one that waits", [](const DnsResolver& of, auto& done) -> asio::awaitable<void> {
    co_await of.AddressesOf("shop.example.com");
    done.emplace_back("silent");
  }(resolver, order));
  tasks.Spawn("the other",
              [](const DnsResolver& of, auto& done, TaskGroup& all) -> asio::awaitable<void> {
                const auto found = co_await of.AddressesOf("localhost");
                done.emplace_back(found ? "localhost" : found.error().message);
                all.Cancel();
              }(resolver, order, tasks));
  context.run();  // which ends, as the one that waits is let go
  EXPECT_EQ(order, std::vector<std::string>{"localhost"});
}

TEST(DnsResolver, LeavesTheTimeoutToWhoeverCalls) {
  const SilentServer server;
  HttpCall call;
  call.url = "http://shop.example.com:6060/";
  call.timeout = std::chrono::milliseconds(200);
  const HttpClient client(server.resolver());
  const auto response = RunCoroutine(client.Send(call));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(response.error().message, HasSubstr("while looking up the host's name"));
}

}  // namespace
}  // namespace heapwatch
