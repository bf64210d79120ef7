#include "watcher/net/connection_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <string>

#include "tests/support/raw_server.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using Then = RawServer::Then;

// Answers every request but the nth of all, upon which it closes the connection.
RawServer::Script CloseUpon(int nth, Then then = Then::kGoOn) {
  return [nth, then, count = std::make_shared<std::atomic<int>>(0)](const std::string&) {
    if (++*count == nth) return RawServer::Answer{""};
    return RawServer::Answer{HttpAnswer(200, "text/plain", "well"), then};
  };
}

class ConnectionPoolTest : public ::testing::Test {
 protected:
  HttpCall CallTo(const RawServer& server, const std::string& method = "GET") {
    HttpCall call;
    call.method = method;
    call.url = "http://" + server.address() + "/";
    return call;
  }
  // The body, or the error.
  std::string Send(HttpCall call) {
    auto future =
        boost::asio::co_spawn(context_, client_.Send(std::move(call)), boost::asio::use_future);
    context_.run();
    context_.restart();
    const auto response = future.get();
    return response ? response->body : response.error().message;
  }
  ConnectionPool& pool() { return ConnectionPoolOf(context_.get_executor()); }

  boost::asio::io_context context_;
  HttpClient client_;
};

TEST_F(ConnectionPoolTest, UsesAgainWhatThePeerLeavesOpen) {
  const RawServer server(CloseUpon(0));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Send(CallTo(server, i == 1 ? "POST" : "GET")), "well");
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_EQ(pool().size(), 1U);
}

TEST_F(ConnectionPoolTest, OpensANewOneWhereThePeerHasClosed) {
  const RawServer server(CloseUpon(0, Then::kClose));
  EXPECT_EQ(Send(CallTo(server)), "well");
  EXPECT_EQ(Send(CallTo(server, "POST")), "well");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ConnectionPoolTest, SendsOnceMoreWhereThePeerClosesUponTheRequest) {
  for (const std::string method : {"GET", "POST"}) {
    const RawServer server(CloseUpon(2));
    EXPECT_EQ(Send(CallTo(server)), "well");
    EXPECT_EQ(Send(CallTo(server, method)), "well");
    EXPECT_EQ(server.requests().size(), 3U);
    EXPECT_EQ(server.connections(), 2U);
  }
}

TEST_F(ConnectionPoolTest, DoesNotAskOnceMoreOnANewConnection) {
  const RawServer server(CloseUpon(1));
  EXPECT_THAT(Send(CallTo(server)), HasSubstr("without an answer"));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(ConnectionPoolTest, KeepsNoneThatIsToEndOrOfWhichMoreCameThanWasAsked) {
  const std::string answer = HttpAnswer(200, "text/plain", "well");
  std::string ending = answer;
  ending.insert(ending.find("\r\n") + 2, "Connection: close\r\n");
  for (const std::string& bytes :
       {ending, answer + answer, "HTTP/1.0" + answer.substr(8), answer + "?"}) {
    const RawServer server(bytes, Then::kGoOn);
    EXPECT_EQ(Send(CallTo(server)), "well");
    EXPECT_EQ(Send(CallTo(server)), "well") << bytes;
    EXPECT_EQ(server.connections(), 2U) << bytes;
  }
}

TEST_F(ConnectionPoolTest, KeepsNoneAfterATimeout) {
  const RawServer server([count = std::make_shared<std::atomic<int>>(0)](const std::string&) {
    const bool is_second = ++*count == 2;
    return RawServer::Answer{is_second ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
                                       : HttpAnswer(200, "text/plain", "well"),
                             Then::kGoOn};
  });
  EXPECT_EQ(Send(CallTo(server)), "well");
  HttpCall call = CallTo(server);
  call.timeout = std::chrono::milliseconds(100);
  EXPECT_THAT(Send(call), HasSubstr("timed out"));
  EXPECT_EQ(Send(CallTo(server)), "well");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ConnectionPoolTest, KeepsNoMoreThanItMay) {
  boost::asio::make_service<ConnectionPool>(context_, 1);
  const RawServer one(CloseUpon(0));
  const RawServer two(CloseUpon(0));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Send(CallTo(one)), "well");
    EXPECT_EQ(Send(CallTo(two)), "well");
  }
  EXPECT_EQ(one.connections(), 1U);
  EXPECT_EQ(two.connections(), 2U);
  EXPECT_EQ(pool().size(), 1U);
}

TEST_F(ConnectionPoolTest, ClosesWhatHasRestedTooLong) {
  const RawServer server(CloseUpon(0));
  EXPECT_EQ(Send(CallTo(server)), "well");
  pool().Close(std::chrono::hours(1));
  EXPECT_EQ(pool().size(), 1U);
  pool().Close(Duration(0));
  EXPECT_EQ(pool().size(), 0U);
  EXPECT_EQ(Send(CallTo(server)), "well");
  EXPECT_EQ(server.connections(), 2U);
}

}  // namespace
}  // namespace heapwatch
