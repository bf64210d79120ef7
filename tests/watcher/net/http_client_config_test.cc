// HttpClientConfig against real peers: nginx with TLS of an authority of our own, client
// certificates, basic auth and bearer tokens, and tinyproxy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kPatience = std::chrono::seconds(60);

class HttpClientConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("nginx").empty()) GTEST_SKIP() << "nginx is not installed: see ./dev";
    OpenSsl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=our authority", "-days",
             "2", "-keyout", In("ca.key"), "-out", In("ca.pem")});
    Certify("server", "DNS:heap.test");
    Certify("client", "DNS:watcher.test");
    directory_.Write("basic", "in");
    directory_.Write("users", "ann:{PLAIN}open-sesame\n");
    directory_.Write("nginx.conf", NginxConfig());
    nginx_ = std::make_unique<Subprocess>(std::vector<std::string>{
        "nginx", "-e", In("error.log"), "-p", directory_.path(), "-c", In("nginx.conf")});
    ASSERT_TRUE(WaitForPort(port_, kPatience)) << nginx_->all_output();
    config_.tls.ca_file = In("ca.pem");
    config_.tls.server_name = "heap.test";
  }
  std::string In(const std::string& name) const { return directory_.Path(name); }
  static void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const auto made = RunProgram(arguments);
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
  }
  void Certify(const std::string& name, const std::string& alternative) const {
    OpenSsl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout",
             In(name + ".key"), "-out", In(name + ".csr")});
    const auto names = directory_.Write(name + ".ext", "subjectAltName=" + alternative + "\n");
    OpenSsl({"x509", "-req", "-in", In(name + ".csr"), "-CA", In("ca.pem"), "-CAkey", In("ca.key"),
             "-CAcreateserial", "-days", "2", "-extfile", names, "-out", In(name + ".pem")});
  }
  std::string NginxConfig() const {
    // Workers would outlive a master that is killed.
    return "daemon off; master_process off; user root; pid nginx.pid; error_log error.log;\n"
           "events {}\n"
           "http {\n"
           "  access_log off;\n"
           "  map $http_authorization $known { default 0; \"Bearer s3cret-token\" 1; }\n"
           "  server {\n"
           "    listen 127.0.0.1:" +
           std::to_string(port_) +
           " ssl;\n"
           "    ssl_certificate server.pem; ssl_certificate_key server.key;\n"
           "    ssl_client_certificate ca.pem; ssl_verify_client optional;\n"
           "    ssl_protocols TLSv1.2;\n"
           "    root " +
           directory_.path() +
           ";\n"
           "    location = /open { return 200 open; }\n"
           "    location = /basic { auth_basic heaps; auth_basic_user_file users; }\n"
           "    location = /bearer { if ($known = 0) { return 401; } return 200 borne; }\n"
           "    location = /cert { return 200 $ssl_client_verify; }\n"
           "    location = /tenant { return 200 $http_x_tenant; }\n"
           "    location = /here { return 302 /bearer; }\n"
           "    location = /away { return 302 http://127.0.0.1:" +
           std::to_string(away_.port()) +
           "/; }\n"
           "    location = /nth { return 200 $connection_requests; }\n"
           "    location = /loop { return 302 /loop; }\n"
           "  }\n"
           "}\n";
  }
  // The body of a 200, else the status or the error.
  std::string Body(const std::string& path) {
    HttpCall call;
    call.url = "https://127.0.0.1:" + std::to_string(port_) + path;
    call.config = config_;
    call.timeout = kPatience;
    auto answer =
        boost::asio::co_spawn(context_, client_.Send(std::move(call)), boost::asio::use_future);
    context_.run();
    context_.restart();
    const auto response = answer.get();
    if (!response) return response.error().message;
    return response->status == 200 ? response->body : std::to_string(response->status);
  }

  TemporaryDirectory directory_;
  RawServer away_{HttpAnswer(200, "text/plain", "elsewhere")};
  std::uint16_t port_ = FreePort();
  std::unique_ptr<Subprocess> nginx_;
  boost::asio::io_context context_;
  HttpClient client_;
  HttpClientConfig config_;
};

TEST_F(HttpClientConfigTest, TrustsOnlyTheAuthorityItIsGivenForTheNameItIsGiven) {
  EXPECT_EQ(Body("/open"), "open");
  config_.tls.server_name = "other.test";
  EXPECT_THAT(Body("/open"), HasSubstr("is not accepted: "));
  config_.tls = {};
  EXPECT_THAT(Body("/open"), HasSubstr("is not accepted: "));
  config_.tls.insecure_skip_verify = true;
  EXPECT_EQ(Body("/open"), "open");
  config_.tls.min_version = "TLS13";
  EXPECT_THAT(Body("/open"), HasSubstr("no TLS with "));
}

TEST_F(HttpClientConfigTest, ShowsAClientCertificateAndTakesOneThatCameLater) {
  EXPECT_EQ(Body("/cert"), "NONE");
  config_.tls.cert_file = In("mine.pem");
  config_.tls.key_file = In("mine.key");
  EXPECT_THAT(Body("/cert"), AllOf(HasSubstr("tls_config.cert_file: "), HasSubstr("mine.pem")));
  ASSERT_EQ(RunProgram({"cp", In("client.pem"), In("mine.pem")}).exit_code, 0);
  ASSERT_EQ(RunProgram({"cp", In("client.key"), In("mine.key")}).exit_code, 0);
  EXPECT_EQ(Body("/cert"), "SUCCESS");
}

TEST_F(HttpClientConfigTest, TakesCertificatesThatStandInTheConfigurationItself) {
  const auto text = [&](const std::string& name) {
    std::ostringstream out;
    out << std::ifstream(In(name)).rdbuf();
    return out.str();
  };
  config_.tls.ca_file.clear();
  config_.tls.ca = text("ca.pem");
  config_.tls.cert = text("client.pem");
  config_.tls.key = Secret(text("client.key"));
  EXPECT_EQ(Body("/cert"), "SUCCESS");
  config_.tls.key = Secret("no key");
  EXPECT_THAT(Body("/cert"), AllOf(HasSubstr("tls_config.key cannot"), Not(HasSubstr("no key"))));
  config_.tls.ca = text("client.pem");
  config_.tls.key = Secret(text("client.key"));
  EXPECT_THAT(Body("/cert"), HasSubstr("is not accepted: "));
}

TEST_F(HttpClientConfigTest, LogsInWithAPasswordFromTheTextOrFromAFileThatMayChange) {
  EXPECT_EQ(Body("/basic"), "401");
  config_.basic_auth = {"ann", Secret("open-sesame"), ""};
  EXPECT_EQ(Body("/basic"), "in");
  config_.basic_auth = {"ann", Secret(), directory_.Write("password", "wrong\n")};
  EXPECT_EQ(Body("/basic"), "401");
  directory_.Write("password", "open-sesame\n");
  EXPECT_EQ(Body("/basic"), "in");
  config_.basic_auth->password_file = In("nowhere");
  EXPECT_THAT(Body("/basic"), AllOf(HasSubstr("basic_auth.password_file: "), HasSubstr("nowhere")));
}

TEST_F(HttpClientConfigTest, ShowsATokenAndSendsHeaders) {
  EXPECT_EQ(Body("/bearer"), "401");
  config_.authorization.emplace().credentials_file = directory_.Write("token", " s3cret-token\n");
  config_.http_headers = {{"X-Tenant", {Secret("blue")}, {}}};
  EXPECT_EQ(Body("/bearer"), "borne");
  EXPECT_EQ(Body("/tenant"), "blue");
  directory_.Write("token", "s3cret-token\nX-Forged: yes\n");
  EXPECT_THAT(Body("/bearer"), AllOf(HasSubstr("more than one line"), Not(HasSubstr("s3cret"))));
}

TEST_F(HttpClientConfigTest, FollowsRedirectsButCarriesNoSecretToAnotherPeer) {
  config_.authorization = {"Bearer", Secret("s3cret-token"), ""};
  config_.http_headers = {{"X-Tenant", {Secret("blue")}, {}}};
  EXPECT_EQ(Body("/here"), "borne");
  EXPECT_EQ(Body("/away"), "elsewhere");
  ASSERT_EQ(away_.requests().size(), 1U);
  EXPECT_THAT(away_.requests()[0], AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("blue"))));
  EXPECT_THAT(Body("/loop"), HasSubstr("redirected more than 10 times"));
  config_.follow_redirects = false;
  EXPECT_EQ(Body("/here"), "302");
}

TEST_F(HttpClientConfigTest, UsesAConnectionAgainForWhomItWasOpenedOnly) {
  EXPECT_EQ(Body("/nth"), "1");
  EXPECT_EQ(Body("/nth"), "2");
  config_.tls.server_name = "other.test";
  EXPECT_THAT(Body("/nth"), HasSubstr("is not accepted: "));
  config_.tls.server_name = "heap.test";
  EXPECT_EQ(Body("/nth"), "3");
  config_.tls.cert_file = In("client.pem");
  config_.tls.key_file = In("client.key");
  EXPECT_EQ(Body("/cert"), "SUCCESS");
}

TEST_F(HttpClientConfigTest, GoesThroughAProxyWithAndWithoutTls) {
  if (FindProgram("tinyproxy").empty()) GTEST_SKIP() << "tinyproxy is not installed: see ./dev";
  const std::uint16_t port = FreePort();
  Subprocess proxy({"tinyproxy", "-d", "-c",
                    directory_.Write("proxy.conf", "Port " + std::to_string(port) +
                                                       "\nListen 127.0.0.1\nTimeout 60\n"
                                                       "BasicAuth mole hill\nLogLevel Info\n")});
  ASSERT_TRUE(WaitForPort(port, kPatience)) << proxy.all_output();
  const std::string place = "127.0.0.1:" + std::to_string(port);
  config_.proxy_url = Secret("http://mole:hill@" + place);
  EXPECT_EQ(Body("/open"), "open");
  EXPECT_EQ(Body("/away"), "elsewhere");
  ASSERT_EQ(away_.requests().size(), 1U);
  EXPECT_THAT(away_.requests()[0], AllOf(HasSubstr("GET / HTTP/"), HasSubstr("tinyproxy")));
  EXPECT_EQ(Body("/nth"), "3");
  config_.proxy_url = Secret();
  EXPECT_EQ(Body("/nth"), "1");
  config_.proxy_url = Secret("http://" + place);
  EXPECT_THAT(Body("/open"), AllOf(HasSubstr("the proxy " + place + " does not connect to"),
                                   HasSubstr("HTTP status 407")));
  proxy.Kill();
  EXPECT_THAT(Body("/open"), HasSubstr("connection refused by the proxy " + place));
}

}  // namespace
}  // namespace heapwatch
