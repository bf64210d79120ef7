// A real Alertmanager, behind a real nginx that wants TLS, a path and a login; and what becomes of
// a batch that Alertmanager takes only in part.
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "tests/integration/stand.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "watcher/notify/alertmanager_notifier.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;

constexpr seconds kDeadline(60);

class AlertDelivery : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"prometheus-alertmanager", "nginx", "openssl"})
      if (FindProgram(program).empty()) GTEST_SKIP() << program << " is not installed";
    const std::string config = directory_.Write(
        "alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    manager_ = std::make_unique<Subprocess>(std::vector<std::string>{
        "prometheus-alertmanager", "--config.file=" + config,
        "--storage.path=" + directory_.Path("alertmanager"),
        "--cluster.listen-address=", "--web.listen-address=" + Address(manager_port_)});
    const ProgramResult certificate = RunProgram(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", directory_.Path("key.pem"), "-out", directory_.Path("cert.pem"),
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"});
    ASSERT_EQ(certificate.exit_code, 0) << certificate.standard_error;
    directory_.Write("users", "ann:{PLAIN}open-sesame\n");
    directory_.Write("nginx.conf", NginxConfig());
    nginx_ = std::make_unique<Subprocess>(
        std::vector<std::string>{"nginx", "-e", directory_.Path("error.log"), "-p",
                                 directory_.path(), "-c", directory_.Path("nginx.conf")});
    ASSERT_TRUE(WaitForPort(manager_port_, kDeadline)) << manager_->all_output();
    ASSERT_TRUE(WaitForPort(nginx_port_, kDeadline)) << nginx_->all_output();
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    notifier_.Stop(seconds(1));
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  static std::string Address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  std::string NginxConfig() const {
    const std::string on = "{ proxy_pass http://" + Address(manager_port_) + "/; ";
    // Workers would outlive a master that is killed.
    return "daemon off; master_process off; user root; pid nginx.pid; error_log error.log;\n"
           "events {}\n"
           "http {\n"
           "  access_log off;\n"
           "  map $http_authorization $known { default 0; \"Bearer s3cret-token\" 1; }\n"
           "  server {\n"
           "    listen " +
           Address(nginx_port_) +
           " ssl;\n"
           "    ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
           "    location /basic/alerts/ " +
           on +
           "auth_basic alerts; auth_basic_user_file users; }\n"
           "    location /bearer/ " +
           on +
           "if ($known = 0) { return 401; } }\n"
           "  }\n"
           "}\n";
  }
  AlertmanagerConfig Behind(const std::string& path_prefix) const {
    AlertmanagerConfig config;
    config.scheme = "https";
    config.path_prefix = path_prefix;
    config.static_configs = {{{"localhost:" + std::to_string(nginx_port_)}, {}}};
    config.http.tls.ca_file = directory_.Path("cert.pem");
    return config;
  }

  static Alert Make(const std::string& site) {
    const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    Alert alert;
    alert.labels = {{"alertname", "HeapLeak"}, {"site", site}};
    alert.starts_at = now - seconds(10);
    alert.ends_at = now + seconds(240);
    return alert;
  }
  // The sites of the alerts that Alertmanager has.
  std::set<std::string> Held() const {
    std::set<std::string> sites;
    const auto alerts = GetJson("http://" + Address(manager_port_) + "/api/v2/alerts");
    if (!alerts.is_array()) return sites;
    for (const auto& alert : alerts.as_array())
      sites.insert(std::string(alert.at("labels").at("site").as_string()));
    return sites;
  }
  bool WaitForHeld(const std::set<std::string>& sites) const {
    return WaitUntil([&] { return Held() == sites; }, kDeadline);
  }
  NotifierStatus Status() const { return notifier_.Statuses().at(0); }

  TemporaryDirectory directory_;
  const std::uint16_t manager_port_ = FreePort();
  const std::uint16_t nginx_port_ = FreePort();
  std::unique_ptr<Subprocess> manager_;
  std::unique_ptr<Subprocess> nginx_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  AlertmanagerNotifier notifier_{
      context_.get_executor(),
      {.queue_capacity = 100, .first_wait = Duration(100), .longest_wait = Duration(500)},
      [](std::string_view task, std::string_view what) { ADD_FAILURE() << task << ": " << what; }};
  std::thread thread_;
};

TEST_F(AlertDelivery, GoesThroughTlsUnderAPathWithAPasswordThatMayChange) {
  AlertingConfig config;
  config.alertmanagers = {Behind("/basic/alerts/")};
  const std::string password = directory_.Write("password", "wrong\n");
  config.alertmanagers[0].http.basic_auth = {"ann", Secret(), password};
  notifier_.Apply(config);
  notifier_.Send({Make("a")});
  ASSERT_TRUE(WaitUntil([&] { return Status().refused == 1; }, kDeadline));
  EXPECT_TRUE(Held().empty());
  directory_.Write("password", "open-sesame\n");
  notifier_.Send({Make("a")});
  EXPECT_TRUE(WaitForHeld({"a"}));
  EXPECT_EQ(Status().sent, 1U);
}

TEST_F(AlertDelivery, GoesThroughTlsUnderAPathWithAToken) {
  AlertingConfig config;
  config.alertmanagers = {Behind("/bearer")};
  config.alertmanagers[0].http.authorization = {"Bearer", Secret("s3cret-token"), ""};
  notifier_.Apply(config);
  notifier_.Send({Make("a")});
  EXPECT_TRUE(WaitForHeld({"a"}));
  EXPECT_EQ(Status().errors, 0U);
}

TEST_F(AlertDelivery, TriesUntilItTrustsTheCertificate) {
  AlertingConfig config;
  config.alertmanagers = {Behind("/bearer")};
  config.alertmanagers[0].http.authorization = {"Bearer", Secret("s3cret-token"), ""};
  config.alertmanagers[0].http.tls.ca_file.clear();
  notifier_.Apply(config);
  notifier_.Send({Make("a")});
  ASSERT_TRUE(WaitUntil([&] { return Status().errors > 1; }, kDeadline));
  EXPECT_TRUE(Held().empty());
  config.alertmanagers[0].http.tls.ca_file = directory_.Path("cert.pem");
  notifier_.Apply(config);
  EXPECT_TRUE(WaitForHeld({"a"}));
}

// Alertmanager keeps what is valid, answers 400 and names the rest.
TEST_F(AlertDelivery, DoesNotLetOneAlertThatIsRefusedHoldUpTheOthers) {
  AlertingConfig config;
  config.alertmanagers.resize(1);
  config.alertmanagers[0].static_configs = {{{Address(manager_port_)}, {}}};
  notifier_.Apply(config);
  Alert backwards = Make("backwards");
  backwards.ends_at = backwards.starts_at - seconds(10);
  notifier_.Send({Make("a"), backwards, Make("b")});
  EXPECT_TRUE(WaitForHeld({"a", "b"}));
  ASSERT_TRUE(WaitUntil([&] { return Status().refused == 3; }, kDeadline));
  notifier_.Send({Make("c")});
  EXPECT_TRUE(WaitForHeld({"a", "b", "c"}));
  EXPECT_EQ(Status().queued, 0U);
  EXPECT_EQ(Status().errors, 1U);
}

}  // namespace
}  // namespace heapwatch
