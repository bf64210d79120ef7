#include "watcher/net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = RawServer::Then;

constexpr milliseconds kShort(200);

HttpCall CallTo(const RawServer& server) {
  HttpCall call;
  call.url = "http://" + server.address() + "/debug/pprof/heap";
  return call;
}

Result<HttpResponse> Send(HttpCall call) {
  return RunCoroutine(HttpClient().Send(std::move(call)));
}

Result<HttpResponse> SendWithin(milliseconds timeout, HttpCall call) {
  call.timeout = timeout;
  return Send(std::move(call));
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  const RawServer server(HttpAnswer(200, "application/octet-stream", "hello"));
  const auto response = Send(CallTo(server));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->content_type, "application/octet-stream");
  EXPECT_EQ(response->headers.at("content-length"), "5");
  EXPECT_EQ(response->body, "hello");
}

TEST(HttpClient, TellsWhoItIsAndWhatItWants) {
  const RawServer server(HttpAnswer(200, "text/plain", ""));
  HttpCall call = CallTo(server);
  call.url += "?gc=1";
  call.headers["X-Tenant"] = "blue";
  ASSERT_TRUE(Send(call));
  EXPECT_THAT(server.requests().at(0),
              AllOf(HasSubstr("GET /debug/pprof/heap?gc=1 HTTP/1.1\r\n"),
                    HasSubstr("Host: " + server.address()), HasSubstr("User-Agent: heapwatch/0."),
                    HasSubstr("X-Tenant: blue")));
}

TEST(HttpClient, SendsABody) {
  const RawServer server(HttpAnswer(200, "text/plain", ""));
  HttpCall call = CallTo(server);
  call.method = "POST";
  call.body = "[1,2,3]";
  ASSERT_TRUE(Send(call));
  EXPECT_THAT(server.requests().at(0), AllOf(HasSubstr("POST "), HasSubstr("Content-Length: 7"),
                                             HasSubstr("\r\n\r\n[1,2,3]")));
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  const RawServer server("HTTP/1.1 200 OK\r\n\r\nno length told");
  const auto response = Send(CallTo(server));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "no length told");
}

TEST(HttpClient, ReachesIpv6) {
  const RawServer server(
      [](const std::string&) { return RawServer::Answer{HttpAnswer(200, "text/plain", "six")}; },
      true);
  const auto response = Send(CallTo(server));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "six");
}

TEST(HttpClient, LooksUpNames) {
  const RawServer server(HttpAnswer(200, "text/plain", "found"));
  HttpCall call;
  call.url = "http://localhost:" + std::to_string(server.port()) + "/";
  const auto response = Send(call);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "found");
}

TEST(HttpClient, NamesTheHostThatCannotBeLookedUp) {
  HttpCall call;
  call.url = "http://no-such-host.invalid:6060/";
  const auto response = Send(call);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(HttpClient, SaysConnectionRefusedWithTheAddress) {
  HttpCall call;
  call.url = "http://127.0.0.1:" + std::to_string(FreePort()) + "/";
  const auto response = Send(call);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("connection refused"), HasSubstr("127.0.0.1:")));
}

TEST(HttpClient, TimesOutOnAPeerThatNeverAnswersAndNamesThePhase) {
  const RawServer server("", Then::kHold);
  const auto response = SendWithin(kShort, CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("200ms"), HasSubstr("waiting for the answer")));
}

TEST(HttpClient, TimesOutInMidBodyAndTellsHowMuchHadCome) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", Then::kHold);
  const auto response = SendWithin(kShort, CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("reading the answer's body"), HasSubstr("3 B")));
}

TEST(HttpClient, RefusesAnAnnouncedBodyOverTheLimitAndNamesTheSetting) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", Then::kHold);
  HttpCall call = CallTo(server);
  call.body_limit_bytes = 1U << 20;
  call.body_limit_setting = "body_size_limit";
  const auto response = Send(call);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kLimit);
  EXPECT_THAT(response.error().message, AllOf(HasSubstr("1.0 MiB"), HasSubstr("body_size_limit")));
}

TEST(HttpClient, StopsReadingAnUnannouncedBodyAtTheLimit) {
  const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 64; ++i) answer += chunk;
  const RawServer server(answer, Then::kHold);
  HttpCall call = CallTo(server);
  call.body_limit_bytes = 1U << 20;
  const auto response = Send(call);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kLimit);
}

TEST(HttpClient, TakesABodyOfExactlyTheLimit) {
  const RawServer server(HttpAnswer(200, "text/plain", std::string(1000, 'x')));
  HttpCall call = CallTo(server);
  call.body_limit_bytes = 1000;
  EXPECT_TRUE(Send(call));
  call.body_limit_bytes = 999;
  EXPECT_FALSE(Send(call));
}

TEST(HttpClient, WaitsForMemoryAndDoesNotCountThatAsThePeersTime) {
  const RawServer server(HttpAnswer(200, "text/plain", std::string(3U << 20, 'x')));
  ByteBudget budget(1U << 20);
  auto other = std::make_unique<ByteShare>(budget);
  ByteShare memory(budget);
  RunCoroutine(other->GrowTo(10U << 20));
  HttpCall call = CallTo(server);
  call.body_limit_bytes = 10U << 20;
  call.memory = &memory;
  std::thread later([&] {
    EXPECT_TRUE(WaitUntil([&] { return budget.usage().waiting > 0; }, std::chrono::seconds(60)));
    std::this_thread::sleep_for(5 * kShort);
    other.reset();
  });
  const auto response = SendWithin(3 * kShort, call);
  later.join();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), 3U << 20);
  EXPECT_GE(budget.usage().bytes, 3U << 20);
}

TEST(HttpClient, TellsATruncatedBody) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
  const auto response = Send(CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("3 of 100 bytes"));
}

TEST(HttpClient, TellsAPeerThatClosesWithoutAnAnswer) {
  const RawServer server("");
  const auto response = Send(CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, AllOf(HasSubstr("closed the connection without an answer"),
                                              HasSubstr("the scheme must be https")));
}

// Sends to a peer that does this once something has come, and then closes the connection.
Result<HttpResponse> SendTo(const std::string& scheme,
                            const std::function<void(boost::asio::ip::tcp::socket&)>& act) {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  std::thread peer([&] {
    tcp::socket socket = acceptor.accept();
    socket.wait(tcp::socket::wait_read);
    act(socket);
  });
  HttpCall call;
  call.url = scheme + "://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  auto response = Send(std::move(call));
  peer.join();
  return response;
}

TEST(HttpClient, HintsAtTlsWhereAPeerResetsTheConnection) {
  const auto response = SendTo(
      "http", [](auto& socket) { socket.set_option(boost::asio::socket_base::linger(true, 0)); });
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, AllOf(HasSubstr("reset the connection without an answer"),
                                              HasSubstr("the scheme must be https")));
}

TEST(HttpClient, HintsAtPlainHttpWhereAPeerSpeaksNoTls) {
  const auto response = SendTo("https", [](auto& socket) {
    socket.write_some(boost::asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
  });
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("no TLS with "), HasSubstr("the scheme must be http")));
}

TEST(HttpClient, TellsAnAnswerThatIsCutWhereverThatIs) {
  const std::string answer = HttpAnswer(200, "text/plain", "hello");
  const std::size_t header_bytes = answer.size() - 5;
  for (std::size_t size = 1; size < answer.size(); ++size) {
    SCOPED_TRACE(size);
    const RawServer server(answer.substr(0, size));
    const auto response = Send(CallTo(server));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(
        response.error().message,
        HasSubstr(size < header_bytes ? server.address() + " closed the connection in mid-header"
                                      : std::to_string(size - header_bytes) + " of 5 bytes"));
  }
}

TEST(HttpClient, TellsAnAnswerToConnectThatIsCutWhereverThatIs) {
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\n";
  for (std::size_t size = 1; size < answer.size(); ++size) {
    SCOPED_TRACE(size);
    const RawServer proxy(answer.substr(0, size));
    HttpCall call;
    call.url = "https://shop.example:6060/";
    call.config.proxy_url = Secret("http://" + proxy.address());
    const auto response = Send(call);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(response.error().message,
                HasSubstr("the proxy " + proxy.address() + " closed the connection in mid-header"));
  }
}

TEST(HttpClient, HintsAtTlsWhereAPeerSendsAnAlertAndCloses) {
  const RawServer server("\x15\x03\x01" + std::string(1, '\0') + "\x02\x02\x46");
  const auto response = Send(CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("closed the connection in mid-header"), HasSubstr("https")));
}

TEST(HttpClient, TellsAPeerThatDoesNotSpeakHttp) {
  const RawServer server("SSH-2.0-OpenSSH_9.2\r\n");
  const auto response = Send(CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kWrongFormat);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("does not speak HTTP"), HasSubstr("https")));
}

TEST(HttpClient, EndsAHeaderWithoutEnd) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10000; ++i) answer += "X-Filler: " + std::string(100, 'x') + "\r\n";
  const RawServer server(answer, Then::kHold);
  const auto response = Send(CallTo(server));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kWrongFormat);
}

TEST(HttpClient, FollowsARedirectToAPathOfTheSamePeer) {
  const RawServer server([](const std::string& request) {
    return request.starts_with("GET /next ")
               ? RawServer::Answer{HttpAnswer(200, "text/plain", "there")}
               : RawServer::Answer{
                     "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"};
  });
  const auto response = Send(CallTo(server));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "there");
}

TEST(HttpClient, TellsWhereARedirectPointsThatItMayNotFollow) {
  const RawServer server(
      "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n");
  HttpCall call = CallTo(server);
  call.config.follow_redirects = false;
  const auto response = Send(call);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(DescribeStatus(*response).message,
              AllOf(HasSubstr("302 Found"), HasSubstr("http://login.example/"),
                    HasSubstr("final address")));
}

// A TLS server with a certificate that nobody vouches for but itself.
class HttpClientTls : public ::testing::Test {
 protected:
  HttpClientTls() {
    certificate_ = directory_.Path("cert.pem");
    const std::string key = directory_.Path("key.pem");
    const auto made =
        RunProgram({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                    "-keyout", key, "-out", certificate_});
    EXPECT_EQ(made.exit_code, 0) << made.standard_error;
    port_ = FreePort();
    server_ = std::make_unique<Subprocess>(std::vector<std::string>{
        "openssl", "s_server", "-www", "-accept", "127.0.0.1:" + std::to_string(port_), "-cert",
        certificate_, "-key", key});
    EXPECT_TRUE(WaitForPort(port_, std::chrono::seconds(60))) << server_->all_output();
  }
  ~HttpClientTls() override { ::unsetenv("SSL_CERT_FILE"); }
  Result<HttpResponse> Get(const std::string& host) {
    HttpCall call;
    call.url = "https://" + host + ":" + std::to_string(port_) + "/";
    return Send(call);
  }

  TemporaryDirectory directory_;
  std::string certificate_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Subprocess> server_;
};

TEST_F(HttpClientTls, RefusesACertificateThatNobodyVouchesFor) {
  const auto response = Get("localhost");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr("certificate of localhost:"), HasSubstr("self")));
}

TEST_F(HttpClientTls, TalksToAPeerWhoseCertificateIsTrusted) {
  ::setenv("SSL_CERT_FILE", certificate_.c_str(), 1);
  const auto response = Get("localhost");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST_F(HttpClientTls, RefusesATrustedCertificateOfAnotherHost) {
  ::setenv("SSL_CERT_FILE", certificate_.c_str(), 1);
  const auto response = Get("127.0.0.1");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("certificate of 127.0.0.1:"));
}

TEST(DescribeStatus, QuotesTheFirstLineOfTheBody) {
  HttpResponse response;
  response.status = 404;
  response.body = "\n404 page not found\nmore";
  const Error error = DescribeStatus(response);
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.message, "HTTP status 404 Not Found: 404 page not found");
}

TEST(DescribeStatus, KeepsBinaryAndEndlessBodiesOutOfTheMessage) {
  HttpResponse response;
  response.status = 500;
  response.body = "\x1f\x8b" + std::string(10000, 'x');
  const Error error = DescribeStatus(response);
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_LT(error.message.size(), 250U);
  EXPECT_THAT(error.message, Not(HasSubstr("\x1f")));
}

}  // namespace
}  // namespace heapwatch
