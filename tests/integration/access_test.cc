// Who may look, asked by the real clients: Prometheus, curl, openssl, and many at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/algorithm/string/join.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/stand.h"
#include "tests/support/http_probe.h"
#include "tests/support/paths.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_profile.h"

namespace heapwatch {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr seconds kPatience(60);
const std::string kHeapwatch = InBuild("heapwatch").string();

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"curl", "openssl", "htpasswd", "prometheus"}) {
      if (FindProgram(program).empty()) GTEST_SKIP() << program << " is not installed";
    }
    directory_.Write(
        "heapwatch.yml",
        "global: {scrape_interval: 100ms, evaluation_interval: 100ms}\nscrape_configs: "
        "[{job_name: test, static_configs: [{targets: ['" +
            target_.address() + "']}]}]\n");
  }
  void MakeCertificate(const std::string& name) {
    const ProgramResult made =
        RunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", directory_.Path("server.key"),
                    "-out", directory_.Path("server.crt"), "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"});
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
  }
  std::string Hash(const std::string& password) {
    const std::string line = RunProgram({"htpasswd", "-nbBC", "10", "u", password}).standard_output;
    return line.substr(2, 60);
  }
  void Serve(std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {kHeapwatch,
                                     "serve",
                                     "--config.file",
                                     directory_.Path("heapwatch.yml"),
                                     "--storage.path",
                                     directory_.Path("data"),
                                     "--web.listen-address",
                                     "127.0.0.1:" + std::to_string(port_)};
    argv.insert(argv.end(), more.begin(), more.end());
    service_ = std::make_unique<Subprocess>(std::move(argv));
    ASSERT_TRUE(service_->WaitForText("reached as", kPatience)) << service_->all_output();
  }
  // TLS, alice an admin, bob read-only, a token that may push.
  void ServeWithLogin() {
    MakeCertificate("first");
    directory_.Write("agents.token", "correct-horse-battery\n");
    directory_.Write("web.yml",
                     "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
                     "basic_auth_users: {alice: " +
                         Hash("wonder") + ", bob: " + Hash("builder") +
                         "}\n"
                         "bearer_tokens: [{name: agents, credentials_file: agents.token}]\n"
                         "roles: {alice: admin, agents: push}\n");
    Serve({"--web.config.file", directory_.Path("web.yml"), "--web.enable-lifecycle"});
  }
  // What curl prints: the body, then the status.
  std::string Curl(std::vector<std::string> arguments, const std::string& path) {
    std::vector<std::string> argv = {"curl",           "-sS",      "-w",
                                     "\n%{http_code}", "--cacert", directory_.Path("server.crt")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back("https://localhost:" + std::to_string(port_) + path);
    const ProgramResult result = RunProgram(std::move(argv));
    return result.standard_output + result.standard_error;
  }

  TemporaryDirectory directory_;
  RawServer target_{HttpAnswer(200, "application/octet-stream", TestProfileBytes(1 << 20))};
  const std::uint16_t port_ = FreePort();
  std::unique_ptr<Subprocess> service_;
};

TEST_F(AccessTest, CurlIsLetInByItsRole) {
  ServeWithLogin();
  EXPECT_THAT(
      Curl({}, "/api/v1/targets"),
      AllOf(HasSubstr("{\"status\":\"error\",\"errorType\":\"unauthorized\""), HasSubstr("\n401")));
  EXPECT_THAT(Curl({"-u", "alice:wrong"}, "/api/v1/targets"), HasSubstr("\n401"));
  EXPECT_THAT(Curl({"-u", "bob:builder"}, "/api/v1/targets"), HasSubstr("\n200"));
  EXPECT_THAT(Curl({"-u", "bob:builder", "-X", "POST"}, "/-/reload"),
              AllOf(HasSubstr("bob, read-only"), HasSubstr("\n403")));
  EXPECT_THAT(Curl({"-u", "alice:wonder", "-X", "POST"}, "/-/reload"), HasSubstr("\n200"));
  EXPECT_THAT(
      Curl({"-u", "alice:wonder", "-X", "POST", "-H", "Origin: https://evil.example"}, "/-/reload"),
      HasSubstr("\n403"));
  EXPECT_THAT(Curl({"-H", "Authorization: Bearer correct-horse-battery"}, "/api/v1/targets"),
              AllOf(HasSubstr("\"errorType\":\"forbidden\""), HasSubstr("\n403")));
  EXPECT_THAT(Curl({"-u", "bob:builder"}, "/metrics"),
              AllOf(HasSubstr("heapwatch_web_refusals_total{reason=\"forbidden\"} 2"),
                    HasSubstr("heapwatch_web_refusals_total{reason=\"unauthenticated\"} 2"),
                    HasSubstr("heapwatch_web_refusals_total{reason=\"foreign_page\"} 1")));
}

TEST_F(AccessTest, OpensslSeesTheVersionsAndTheCertificateThatIsThereNow) {
  ServeWithLogin();
  const std::string address = "localhost:" + std::to_string(port_);
  const auto handshake = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"openssl", "s_client", "-connect", address,
                                     "-brief",  "-nameopt", "RFC2253"};
    argv.insert(argv.end(), more.begin(), more.end());
    return RunProgram(std::move(argv)).standard_error;
  };
  EXPECT_THAT(handshake({"-tls1_3"}), AllOf(HasSubstr("TLSv1.3"), HasSubstr("CN=first")));
  EXPECT_THAT(handshake({"-tls1_2"}), HasSubstr("TLSv1.2"));
  EXPECT_THAT(handshake({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}), Not(HasSubstr("CN=first")));
  MakeCertificate("second");
  EXPECT_TRUE(
      WaitUntil([&] { return handshake({}).find("CN=second") != std::string::npos; }, kPatience))
      << service_->all_output();
  directory_.Write("web.yml", "tls_server_config: {cert_file: server.crt, key_fil: x}\n");
  ASSERT_TRUE(service_->WaitForText("web.yml:1:44: unknown field \"key_fil\"", kPatience))
      << service_->all_output();
  EXPECT_THAT(Curl({"-u", "bob:builder"}, "/metrics"),
              HasSubstr("heapwatch_web_config_last_reload_successful 0"));
  RawClient plain(port_);
  plain.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(plain.ReadToEnd(), AllOf(StartsWith("HTTP/1.0 400"), HasSubstr("https://")));
}

TEST_F(AccessTest, ClientsShowACertificateWhereOneIsRequired) {
  MakeCertificate("one for both");
  directory_.Write("web.yml",
                   "tls_server_config: {cert_file: server.crt, key_file: server.key, "
                   "client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.crt}\n");
  Serve({"--web.config.file", directory_.Path("web.yml")});
  EXPECT_THAT(Curl({}, "/-/healthy"), Not(HasSubstr("\n200")));
  EXPECT_THAT(
      Curl({"--cert", directory_.Path("server.crt"), "--key", directory_.Path("server.key")},
           "/-/healthy"),
      HasSubstr("\n200"));
}

TEST_F(AccessTest, PrometheusScrapesOverTlsWithAPassword) {
  ServeWithLogin();
  const std::uint16_t port = FreePort();
  const std::string config = directory_.Write(
      "prometheus.yml",
      "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: heapwatch, scheme: https, "
      "tls_config: {ca_file: server.crt}, basic_auth: {username: bob, password: builder}, "
      "static_configs: [{targets: ['localhost:" +
          std::to_string(port_) + "']}]}]\n");
  const Subprocess prometheus({"prometheus", "--config.file=" + config,
                               "--storage.tsdb.path=" + directory_.Path("prometheus"),
                               "--web.listen-address=127.0.0.1:" + std::to_string(port)});
  const auto is_up = [&] {
    const auto answer = GetJson("http://127.0.0.1:" + std::to_string(port) +
                                "/api/v1/query?query=up%7Bjob=%22heapwatch%22%7D%20==%201");
    const auto* object = answer.if_object();
    return object != nullptr && object->contains("data") &&
           !answer.at("data").at("result").as_array().empty();
  };
  EXPECT_TRUE(WaitUntil(is_up, kPatience)) << prometheus.all_output() << service_->all_output();
}

TEST_F(AccessTest, TheCommandLineLogsInAndPrintsTables) {
  ServeWithLogin();
  const std::string url = "https://localhost:" + std::to_string(port_);
  const auto run = [&](std::vector<std::string> arguments) {
    std::vector<std::string> argv = {kHeapwatch};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(), {"--url", url, "--ca-file", directory_.Path("server.crt")});
    return RunProgram(std::move(argv));
  };
  const std::string password = directory_.Write("password", "builder\n");
  const auto as_bob = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--user", "bob", "--password-file", password});
    return run(std::move(arguments));
  };
  // A course to draw takes several scrapes.
  const auto has_course = [&] {
    return as_bob({"trend", "main.leak"}).standard_output.find("███") != std::string::npos;
  };
  ASSERT_TRUE(WaitUntil(has_course, kPatience)) << service_->all_output();
  // On a machine under load a scrape may time out now and then.
  std::string targets;
  const auto is_up = [&] {
    targets = as_bob({"targets"}).standard_output;
    return targets.find("1 targets, 0 down") != std::string::npos;
  };
  EXPECT_TRUE(WaitUntil(is_up, kPatience)) << targets;
  EXPECT_THAT(targets, AllOf(HasSubstr(target_.address()), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(as_bob({"trend", "main.leak"}).standard_output,
              AllOf(HasSubstr("1.0 MiB"), HasSubstr("███"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(as_bob({"diff", "--target", target_.address(), "now", "now"}).standard_output,
              HasSubstr("inuse_space"));
  EXPECT_EQ(boost::json::parse(as_bob({"top", "--json"}).standard_output).at("sites").kind(),
            boost::json::kind::array);
  const ProgramResult unknown = as_bob({"trend", "main.nothing"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.standard_error, HasSubstr("is unknown"));
  const ProgramResult stranger = run({"targets"});
  EXPECT_EQ(stranger.exit_code, 1);
  EXPECT_THAT(stranger.standard_error, AllOf(HasSubstr("401"), HasSubstr("--password-file")));
  EXPECT_EQ(run({"targets", "--user", "bob"}).exit_code, 2);
  const ProgramResult agent = run({"targets", "--token-file", directory_.Path("agents.token")});
  EXPECT_THAT(agent.standard_error, HasSubstr("agents, push"));
}

// As an agent does: a form with the profile and what its columns mean. The target appears, with its
// heap but without the alloc values, which are differences.
TEST_F(AccessTest, CurlPushesAsPyroscopesAgentsDo) {
  Serve({"--web.enable-push"});
  const std::string base = "http://127.0.0.1:" + std::to_string(port_);
  const std::string profile = directory_.Write("heap.pb.gz", TestProfileBytes(8 << 20));
  const std::string config =
      directory_.Write("config.json", R"({"alloc_space":{"units":"bytes"}})");
  const ProgramResult ingested =
      RunProgram({"curl", "-sS", "-F", "profile=@" + profile, "-F", "sample_type_config=@" + config,
                  base + "/ingest?name=batch%7Bversion%3Dv1%2Cpod%3Dbatch-7%7D&format=pprof"});
  EXPECT_THAT(ingested.standard_output, HasSubstr("\"status\":\"success\""));
  const ProgramResult pushed = RunProgram({"curl", "-sS", "--data-binary", "@" + profile, "-H",
                                           "Content-Type: application/octet-stream",
                                           base + "/api/v1/profiles?service=cron&instance=cron-1"});
  EXPECT_THAT(pushed.standard_output, HasSubstr("\"status\":\"success\""));
  const ProgramResult garbage =
      RunProgram({"curl", "-sS", "-w", "%{http_code}", "--data-binary", "@" + config,
                  base + "/api/v1/profiles?service=cron&instance=cron-2"});
  EXPECT_THAT(garbage.standard_output, AllOf(HasSubstr("\"bad_data\""), EndsWith("400")));
  const std::string targets = boost::json::serialize(GetJson(base + "/api/v1/targets"));
  EXPECT_THAT(targets,
              AllOf(HasSubstr("batch-7"), HasSubstr("cron-1"), HasSubstr("pushed by 127.0.0.1")));
  const auto allocated = [&](const std::string& instance) {
    return boost::json::serialize(GetJson(
        base + "/api/v1/snapshot?format=json&t=now&sample_type=alloc_space&target=" + instance));
  };
  EXPECT_THAT(allocated("cron-1"), HasSubstr("\"status\":\"success\""));
  EXPECT_THAT(allocated("batch-7"), HasSubstr("\"status\":\"error\""));
  EXPECT_TRUE(WaitUntil(
      [&] {
        return boost::json::serialize(GetJson(base + "/api/v1/sites?target=cron-1"))
                   .find("main.leak") != std::string::npos;
      },
      kPatience));
}

// Every kind of secret that a configuration may hold, while all that they are for fails.
TEST_F(AccessTest, NoAnswerAndNoLogShowsASecretOfTheConfiguration) {
  const RawServer refusing(HttpAnswer(401, "text/plain", "who are you?"));
  const std::string refuses = refusing.address();
  directory_.Write("password", "hush-1\n");
  directory_.Write(
      "heapwatch.yml",
      "global: {scrape_interval: 100ms, evaluation_interval: 100ms}\n"
      "scrape_configs:\n"
      "  - {job_name: in, static_configs: [{targets: ['" +
          target_.address() +
          "']}],\n"
          "     basic_auth: {username: ann, password: hush-2}}\n"
          "  - {job_name: out, static_configs: [{targets: ['" +
          refuses +
          "']}],\n"
          "     authorization: {credentials: hush-3}, http_headers: {X-Key: {secrets: [hush-4]}}}\n"
          "  - {job_name: proxied, static_configs: [{targets: ['heap.test:80']}],\n"
          "     proxy_url: 'http://ann:hush-5@" +
          refuses +
          "'}\n"
          "alerting:\n"
          "  target_down_for: 100ms\n"
          "  alertmanagers:\n"
          "    - static_configs: [{targets: ['" +
          refuses +
          "']}]\n"
          "      basic_auth: {username: ann, password_file: password}\n"
          "  webhooks: [{url: 'http://" +
          refuses + "/hush-6?token=hush-7'}]\n");
  Serve({"--log.level", "debug"});
  for (const char* told :
       {"could not be delivered to http://", "could not be delivered to webhooks"})
    ASSERT_TRUE(service_->WaitForText(told, kPatience)) << service_->all_output();
  const std::string base = "http://127.0.0.1:" + std::to_string(port_);
  const boost::json::value routes = GetJson(base + "/api/v1");
  std::string shown;
  for (const auto& route : routes.at("data").at("addresses").as_array()) {
    if (route.at("method").as_string() != "GET") continue;
    const std::string url = base + std::string(route.at("path").as_string());
    shown += HttpGet(url)->body + HttpGet(url + "?target=" + target_.address())->body;
  }
  shown += service_->all_output();
  EXPECT_THAT(shown, AllOf(HasSubstr("HeapWatchTargetDown"), HasSubstr("\"job_name\":\"out\"")));
  EXPECT_THAT(shown, Not(HasSubstr("hush-")));
  // They were shown to those they are for.
  const std::string received = boost::algorithm::join(refusing.requests(), "\n");
  for (const char* secret : {"hush-3", "hush-4", "hush-6", "hush-7"})
    EXPECT_THAT(received, HasSubstr(secret));
}

// Hundreds who never finish a header, hundreds who ask without end and read nothing: scrapes of the
// target go on, and who asks politely is answered.
TEST_F(AccessTest, ScrapingAndAnsweringGoOnThroughFloods) {
  Serve();
  const std::string base = "http://127.0.0.1:" + std::to_string(port_);
  const auto scrapes = [&] { return target_.requests().size(); };
  ASSERT_TRUE(WaitUntil([&] { return scrapes() > 0; }, kPatience));
  std::vector<std::unique_ptr<RawClient>> flood;
  std::string pipelined;
  for (int i = 0; i < 100; ++i) pipelined += "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
  for (int i = 0; i < 750; ++i) {
    // Three peers of loopback, each within its share, together more than there are connections.
    flood.push_back(std::make_unique<RawClient>(port_, "127.0.0." + std::to_string(2 + i % 3)));
    flood.back()->Send(i % 4 == 0 ? "GET / HTTP/1.1\r\nX-Slow: " : "");
    if (i % 4 == 1) flood.back()->Send(pipelined);
  }
  const std::size_t before = scrapes();
  for (int i = 0; i < 20; ++i) {
    const auto answer = HttpGet(base + "/-/healthy");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_TRUE(WaitUntil([&] { return scrapes() >= before + 10; }, kPatience));
  EXPECT_TRUE(service_->Running());
}

}  // namespace
}  // namespace heapwatch
