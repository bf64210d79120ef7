#include "watcher/net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/raw_client.h"
#include "tests/support/run_coroutine.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

HttpResponse Echo(const HttpRequest& request) {
  if (request.path == "/throw") throw std::runtime_error("handler broke");
  HttpResponse response;
  response.body = request.method + ' ' + request.path;
  for (const auto& [name, value] : request.query) response.body += ' ' + name + '=' + value;
  if (!request.body.empty()) response.body += ' ' + request.body;
  return response;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpServer::Handler handler = Echo, HttpServerOptions options = {}) {
    options.listen_address = "127.0.0.1:0";
    auto server = HttpServer::Start(context_.get_executor(), options, std::move(handler),
                                    [this](std::string_view, std::string_view) { ++failures_; });
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    server_.reset();
    work_.reset();
    if (thread_.joinable()) thread_.join();
    EXPECT_EQ(failures_, 0);
  }
  Result<HttpResponse> Get(const std::string& target) {
    HttpCall call;
    call.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    return RunCoroutine(HttpClient().Send(call));
  }
  RawClient Connect() { return RawClient(server_->port()); }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::atomic<int> failures_ = 0;
};

TEST_F(HttpServerTest, HandsPathAndQueryOverDecoded) {
  Start();
  const auto response = Get("/a%20b/c?x=1%2B2&y=z+w");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "GET /a b/c x=1+2 y=z w");
}

TEST_F(HttpServerTest, AnswersHeadWithTheLengthAlone) {
  Start();
  RawClient client = Connect();
  client.Send("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 200"),
                                        HasSubstr("Content-Length: 7\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, KeepsTheConnectionForFurtherRequests) {
  Start();
  RawClient client = Connect();
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  EXPECT_THAT(client.ReadToEnd(),
              AllOf(HasSubstr("GET /1"), HasSubstr("GET /2"), HasSubstr("POST /3 body")));
}

TEST_F(HttpServerTest, AnswersWhatTheHandlerThrowsWith500AndGoesOn) {
  Start();
  EXPECT_EQ(Get("/throw")->status, 500);
  EXPECT_EQ(Get("/fine")->status, 200);
}

TEST_F(HttpServerTest, RefusesTooLargeAHeader) {
  Start();
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, RefusesTooLargeABodyBeforeItIsSent) {
  Start();
  RawClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, RefusesGarbage) {
  Start();
  RawClient client = Connect();
  client.Send("\x16\x03\x01 this is not HTTP\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 400"));
  RawClient proxy_user = Connect();
  proxy_user.Send("GET http://elsewhere/ HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(proxy_user.ReadToEnd(), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, ClosesAConnectionThatStaysIdle) {
  HttpServerOptions options;
  options.idle_timeout = Duration(50);
  Start(Echo, options);
  RawClient client = Connect();
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, ClosesAConnectionWhoseRequestTrickles) {
  HttpServerOptions options;
  options.request_timeout = Duration(50);
  Start(Echo, options);
  RawClient client = Connect();
  client.Send("GET / HT");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, MakesNewcomersWaitOverTheLimitOfConnections) {
  HttpServerOptions options;
  options.max_connections = 1;
  Start(Echo, options);
  auto first = std::make_unique<RawClient>(Connect());
  first->Send("GET /first HTTP/1.1\r\n\r\n");
  EXPECT_THAT(first->ReadUntil("/first"), HasSubstr("200"));
  RawClient second = Connect();
  second.Send("GET /second HTTP/1.1\r\nConnection: close\r\n\r\n");
  first.reset();
  EXPECT_THAT(second.ReadToEnd(), HasSubstr("/second"));
}

TEST_F(HttpServerTest, StopLetsARequestBeAnswered) {
  std::promise<void> entered;
  std::promise<void> leave;
  Start([&](const HttpRequest& request) {
    entered.set_value();
    leave.get_future().wait();
    return Echo(request);
  });
  RawClient idle = Connect();
  RawClient busy = Connect();
  busy.Send("GET /slow HTTP/1.1\r\n\r\n");
  entered.get_future().wait();
  std::thread stopping([this] { server_->Stop(std::chrono::seconds(60)); });
  EXPECT_EQ(idle.ReadToEnd(), "");  // the stop is under way
  leave.set_value();
  EXPECT_THAT(busy.ReadToEnd(), AllOf(HasSubstr("GET /slow"), HasSubstr("Connection: close")));
  stopping.join();
}

TEST_F(HttpServerTest, NamesTheAddressThatIsTaken) {
  Start();
  HttpServerOptions options;
  options.listen_address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = HttpServer::Start(context_.get_executor(), options, Echo,
                                        [](std::string_view, std::string_view) {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              AllOf(HasSubstr(options.listen_address), HasSubstr("in use")));
}

}  // namespace
}  // namespace heapwatch
