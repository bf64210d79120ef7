#include "watcher/net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/raw_client.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::chrono::seconds kPatience(60);

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse Echo(const HttpRequest& request) {
  if (request.path == "/throw") throw std::runtime_error("handler broke");
  HttpResponse response;
  response.body = request.method + ' ' + request.path;
  for (const auto& [name, value] : request.query) response.body += ' ' + name + '=' + value;
  if (!request.body.empty()) response.body += ' ' + request.body;
  return response;
}

// With a certificate that nobody vouches for.
std::shared_ptr<const ServerTls> MakeTls() {
  const TemporaryDirectory directory;
  TlsServerConfig config;
  config.cert_file = directory.Path("cert.pem");
  config.key_file = directory.Path("key.pem");
  const auto made = RunProgram({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                                "/CN=localhost", "-days", "2", "-keyout", config.key_file, "-out",
                                config.cert_file});
  EXPECT_EQ(made.exit_code, 0) << made.standard_error;
  auto tls = ServerTls::Load(config);
  EXPECT_TRUE(tls) << tls.error().message;
  return tls.value_or(nullptr);
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpServer::Handler handler = Echo, HttpServerOptions options = {},
             HttpServer::Admit admit = nullptr) {
    options.listen_address = "127.0.0.1:0";
    auto server = HttpServer::Start(
        context_.get_executor(), options, std::move(handler),
        [this](std::string_view, std::string_view) { ++failures_; }, std::move(admit));
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
  Result<HttpResponse> Get(const std::string& target, const std::string& scheme = "http") {
    HttpCall call;
    call.config.tls.insecure_skip_verify = true;
    call.url = scheme + "://127.0.0.1:" + std::to_string(server_->port()) + target;
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

TEST_F(HttpServerTest, TellsWhatOfAnAddressMustBeWrittenOtherwise) {
  Start();
  const auto answer = [&](const std::string& target) {
    RawClient client = Connect();
    client.Send("GET " + target + " HTTP/1.1\r\n\r\n");
    return client.ReadToEnd();
  };
  EXPECT_THAT(answer("/api?target=job=\"x\""),
              AllOf(StartsWith("HTTP/1.1 400"),
                    HasSubstr("character 17 of the address, \", must be written %22; `curl")));
  EXPECT_THAT(answer("/a%2"), HasSubstr("character 3 of the address, %, must be followed by two"));
  EXPECT_THAT(answer("/caf\xe9"), HasSubstr("must be written %E9"));
  EXPECT_THAT(answer("*"), HasSubstr("the target must be a path"));
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
  options.header_timeout = Duration(50);
  Start(Echo, options);
  RawClient client = Connect();
  client.Send("GET / HT");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, MakesNewcomersWaitWhileAllConnectionsAreBusy) {
  std::promise<void> entered;
  std::promise<void> leave;
  HttpServerOptions options;
  options.max_connections = 1;
  Start(
      [&](const HttpRequest& request) {
        if (request.path == "/first") {
          entered.set_value();
          leave.get_future().wait();
        }
        return Echo(request);
      },
      options);
  RawClient first = Connect();
  first.Send("GET /first HTTP/1.1\r\nConnection: close\r\n\r\n");
  entered.get_future().wait();
  RawClient second = Connect();
  second.Send("GET /second HTTP/1.1\r\nConnection: close\r\n\r\n");
  leave.set_value();
  EXPECT_THAT(first.ReadToEnd(), HasSubstr("/first"));
  EXPECT_THAT(second.ReadToEnd(), HasSubstr("/second"));
}

TEST_F(HttpServerTest, LetsTheConnectionThatWaitsLongestForItsPeerGiveWay) {
  HttpServerOptions options;
  options.max_connections = 2;
  Start(Echo, options);
  RawClient oldest = Connect();
  oldest.Send("GET /oldest HTTP/1.1\r\n\r\n");
  EXPECT_THAT(oldest.ReadUntil("/oldest"), HasSubstr("200"));
  RawClient younger = Connect();
  younger.Send("GET /younger HTTP/1.1\r\n\r\n");
  EXPECT_THAT(younger.ReadUntil("/younger"), HasSubstr("200"));
  EXPECT_EQ(Get("/new")->status, 200);
  EXPECT_EQ(oldest.ReadToEnd(), "");
  younger.Send("GET /again HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(younger.ReadToEnd(), HasSubstr("/again"));
}

TEST_F(HttpServerTest, LetsTrickledHeadersAndUnreadAnswersGiveWay) {
  HttpServerOptions options;
  options.max_connections = 2;
  const std::string large(64U << 20, 'x');
  Start(
      [&](const HttpRequest& request) { return Text(200, request.path == "/large" ? large : ""); },
      options);
  RawClient trickling = Connect();
  trickling.Send("GET / HT");
  RawClient unread = Connect();
  unread.Send("GET /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(unread.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get("/new")->status, 200);
  EXPECT_EQ(trickling.ReadToEnd(), "");
}

TEST_F(HttpServerTest, LetsConnectionsGiveWayThatDoNotComeToTheEndOfTheirHandshake) {
  HttpServerOptions options;
  options.max_connections = 1;
  options.header_timeout = std::chrono::hours(1);
  options.tls = MakeTls();
  Start(Echo, options);
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9);  // and no more of it
  for (const std::string& sent : {std::string(), hello}) {
    RawClient unfinished = Connect();
    unfinished.Send(sent);
    const auto response = Get("/new", "https");
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(unfinished.ReadToEnd(), "");
  }
}

TEST_F(HttpServerTest, RefusesAPeerMoreThanItsShareOfConnections) {
  HttpServerOptions options;
  options.max_connections_per_peer = 2;
  Start(Echo, options);
  RawClient first = Connect();
  RawClient second = Connect();
  RawClient third = Connect();
  EXPECT_THAT(third.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After")));
  second.Send("GET /fine HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(second.ReadToEnd(), HasSubstr("/fine"));
}

TEST_F(HttpServerTest, DoesNotKeepOthersWaitingForAllThatOnePeerAsks) {
  std::promise<void> leave;
  std::atomic<int> admitted = 0;
  std::vector<std::string> handled;
  HttpServerOptions options;
  options.workers = 1;
  Start(
      [&](const HttpRequest& request) {
        if (handled.empty()) leave.get_future().wait();
        handled.push_back(request.path);
        return Echo(request);
      },
      options,
      [&](HttpRequest&) -> asio::awaitable<Admission> {
        ++admitted;
        co_return Admission();
      });
  std::vector<RawClient> greedy;
  for (int i = 1; i <= 4; ++i) {
    greedy.push_back(Connect());
    greedy.back().Send("GET /greedy HTTP/1.1\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(WaitUntil([&] { return admitted == i; }, kPatience));
  }
  RawClient other(server_->port(), "127.0.0.2");
  other.Send("GET /other HTTP/1.1\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(WaitUntil([&] { return admitted == 5; }, kPatience));
  // What is admitted is handed on before the executor has gone round some times more.
  for (int i = 0; i < 20; ++i) asio::post(context_, asio::use_future).wait();
  leave.set_value();
  for (RawClient& client : greedy) EXPECT_THAT(client.ReadToEnd(), HasSubstr("/greedy"));
  EXPECT_THAT(other.ReadToEnd(), HasSubstr("/other"));
  EXPECT_THAT(handled, ElementsAre("/greedy", "/other", "/greedy", "/greedy", "/greedy"));
}

TEST_F(HttpServerTest, LetsTheSlowestReaderGiveWayWhereTooMuchIsUnread) {
  HttpServerOptions options;
  options.unsent_limit_bytes = 100U << 20;
  const std::string large(64U << 20, 'x');
  Start([&](const HttpRequest&) { return Text(200, large); }, options);
  const std::string ask = "GET /large HTTP/1.1\r\nConnection: close\r\n\r\n";
  RawClient slowest = Connect();
  slowest.Send(ask);
  const std::string begin = slowest.ReadUntil("\r\n\r\n");
  EXPECT_THAT(begin, StartsWith("HTTP/1.1 200"));
  RawClient younger = Connect();
  younger.Send(ask);
  EXPECT_GT(younger.ReadToEnd().size(), large.size());
  EXPECT_LT(begin.size() + slowest.ReadToEnd().size(), large.size());
}

TEST_F(HttpServerTest, RefusesTooManyHeaders) {
  Start();
  std::string header = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) header += "X-" + std::to_string(i) + ": 1\r\n";
  RawClient client = Connect();
  client.Send(header + "\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, ForbidsScriptFramesAndGuessingOfTypesOnWhateverItAnswers) {
  Start();
  const std::string ordinary = "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n";
  for (const std::string& sent : {ordinary, std::string("not HTTP\r\n\r\n")}) {
    RawClient client = Connect();
    client.Send(sent);
    EXPECT_THAT(client.ReadToEnd(),
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"),
                      HasSubstr("x-content-type-options: nosniff"),
                      HasSubstr("cross-origin-resource-policy: same-origin"),
                      Not(HasSubstr("access-control-allow-origin"))));
  }
}

// Refuses /secret, and bodies over ten bytes.
boost::asio::awaitable<Admission> Doorkeeper(HttpRequest& request) {
  Admission admission;
  request.user = "ann";
  admission.body_limit_bytes = 10;
  admission.headers = {{"x-added", "yes"}};
  if (request.path == "/secret") admission.answer = Text(403, "no");
  co_return admission;
}

TEST_F(HttpServerTest, AdmitsByTheHeaderBeforeTheBodyComes) {
  HttpServerOptions options;
  Start([](const HttpRequest& request) { return Text(200, request.user); }, options, Doorkeeper);
  RawClient client = Connect();
  client.Send("GET /secret HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("no"), AllOf(StartsWith("HTTP/1.1 403"), HasSubstr("x-added")));
  client.Send("POST /fine HTTP/1.1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.Send("0123456789");
  EXPECT_THAT(client.ReadUntil("ann"), StartsWith("HTTP/1.1 200"));
  client.Send("POST /secret HTTP/1.1\r\nContent-Length: 10\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 403"), HasSubstr("close")));
  for (const char* body : {"Content-Length: 11\r\n\r\n",
                           "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789x\r\n0\r\n\r\n"}) {
    RawClient large = Connect();
    large.Send(std::string("POST /fine HTTP/1.1\r\n") + body);
    EXPECT_THAT(large.ReadToEnd(), StartsWith("HTTP/1.1 413"));
  }
}

TEST_F(HttpServerTest, GivesBackThePlaceOfAConnectionThatBreaks) {
  HttpServerOptions options;
  options.max_connections_per_peer = 1;
  Start(Echo, options, [](HttpRequest& request) -> asio::awaitable<Admission> {
    if (request.path == "/break") throw std::runtime_error("admission broke");
    co_return Admission();
  });
  EXPECT_FALSE(Get("/break"));
  EXPECT_EQ(Get("/fine")->status, 200);
  EXPECT_EQ(failures_.exchange(0), 1);
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

TEST_F(HttpServerTest, KeepsNothingOfARequestThatWaitsForAWorkerAtTheStop) {
  const auto held = std::make_shared<int>();  // by the handler, and so by the server
  std::promise<void> entered;
  std::promise<void> leave;
  std::promise<void> second_came;
  HttpServerOptions options;
  options.workers = 1;
  Start(
      [&, held](const HttpRequest& request) {
        entered.set_value();
        leave.get_future().wait();
        return Echo(request);
      },
      options,
      [&](const HttpRequest& request) -> asio::awaitable<Admission> {
        if (request.path == "/second") second_came.set_value();
        co_return Admission{};
      });
  RawClient first = Connect();
  first.Send("GET /first HTTP/1.1\r\n\r\n");
  entered.get_future().wait();
  RawClient second(server_->port(), "127.0.0.2");
  second.Send("GET /second HTTP/1.1\r\n\r\n");
  second_came.get_future().wait();
  std::thread leaves_after_the_stop([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    leave.set_value();
  });
  server_->Stop(Duration(0));
  leaves_after_the_stop.join();
  server_.reset();
  EXPECT_TRUE(WaitUntil([&] { return held.use_count() == 1; }, kPatience));
  context_.stop();  // what is still held would go on for ever
}

}  // namespace
}  // namespace heapwatch
