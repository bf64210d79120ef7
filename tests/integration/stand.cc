#include "tests/integration/stand.h"

#include <boost/json.hpp>
#include <stdexcept>

#include "tests/support/http_probe.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

constexpr auto kStartDeadline = std::chrono::seconds(60);
const std::string kShop = InBuild("tests/demo/shop");
const std::string kHeapwatch = InBuild("heapwatch");

std::string LastLines(const std::string& text) {
  constexpr std::size_t kMostBytes = 2000;
  return text.size() <= kMostBytes ? text : "..." + text.substr(text.size() - kMostBytes);
}

}  // namespace

boost::json::value GetJson(const std::string& url) {
  const auto answer = HttpGet(url);
  if (!answer) return nullptr;
  boost::json::error_code failed;
  boost::json::value value = boost::json::parse(answer->body, failed);
  return failed ? boost::json::value(nullptr) : value;
}

std::string Stand::Missing() {
  for (const char* program : {"go", "prometheus", "prometheus-alertmanager", "promtool"}) {
    if (FindProgram(program).empty()) return std::string(program) + " is not installed";
  }
  for (const std::string& built : {kShop, kHeapwatch}) {
    if (!std::filesystem::exists(built)) return built + " was not built";
  }
  return "";
}

Stand::Stand() {
  const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
  shop_ = std::make_unique<Subprocess>(std::vector<std::string>{
      kShop, "-listen", at(shop_port_), "-leak-kib-per-second", "4096", "-cache-mib", "32",
      "-cache-seconds", "5", "-churn-mib-per-second", "200", "-orders-per-second", "20"});
  archive_ = std::make_unique<Subprocess>(std::vector<std::string>{
      kShop, "-listen", at(archive_port_), "-mapped-kib-per-second", "4096", "-leak-kib-per-second",
      "0", "-cache-mib", "0", "-churn-mib-per-second", "0", "-orders-per-second", "20"});
  alertmanager_ = std::make_unique<Subprocess>(std::vector<std::string>{
      "prometheus-alertmanager",
      "--config.file=" +
          directory_.Write("alertmanager.yml",
                           "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"),
      "--storage.path=" + directory_.Path("alertmanager"),
      "--cluster.listen-address=", "--web.listen-address=" + at(alertmanager_port_)});
  prometheus_ = std::make_unique<Subprocess>(std::vector<std::string>{
      "prometheus",
      "--config.file=" +
          directory_.Write("prometheus.yml",
                           "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: heapwatch, "
                           "static_configs: [{targets: ['" +
                               at(heapwatch_port_) + "']}]}]\n"),
      "--storage.tsdb.path=" + directory_.Path("prometheus"),
      "--web.listen-address=" + at(prometheus_port_)});
  if (!WaitForPort(shop_port_, kStartDeadline) || !WaitForPort(alertmanager_port_, kStartDeadline))
    throw std::runtime_error("the stand does not come up\n" + Logs());
  StartHeapwatch();
  if (!WaitForPort(prometheus_port_, kStartDeadline))
    throw std::runtime_error("the stand does not come up\n" + Logs());
}

void Stand::StartHeapwatch() {
  heapwatch_ = std::make_unique<Subprocess>(
      std::vector<std::string>{kHeapwatch, "serve", "--config.file", WriteHeapwatchConfig(),
                               "--storage.path", directory_.Path("history"), "--web.listen-address",
                               "127.0.0.1:" + std::to_string(heapwatch_port_)});
  const auto is_ready = [&] {
    const auto answer = HttpGet(heapwatch() + "/-/ready");
    return answer && answer->status == 200;
  };
  if (!WaitUntil(is_ready, kStartDeadline))
    throw std::runtime_error("Heapwatch does not come up\n" + Logs());
}

void Stand::RestartHeapwatch() {
  heapwatch_->Kill();
  StartHeapwatch();
}

std::vector<boost::json::value> Stand::WebhookBodies() const {
  std::vector<boost::json::value> bodies;
  for (const std::string& request : webhook_.requests())
    bodies.push_back(boost::json::parse(request.substr(request.find("\r\n\r\n") + 4)));
  return bodies;
}

std::string Stand::WriteHeapwatchConfig() const {
  return directory_.Write("heapwatch.yml", R"(
global:
  scrape_interval: 500ms
  evaluation_interval: 1s
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: [')" + shop_instance() + R"(']
        labels: {service: shop, version: v1}
  - job_name: archive
    metrics_path: /metrics
    static_configs: [{targets: ['127.0.0.1:)" + std::to_string(archive_port_) +
                                               R"(']}]
  - job_name: nobody
    static_configs: [{targets: ['127.0.0.1:)" + std::to_string(down_port_) +
                                               R"(']}]
detection:
  warm_up: 10s  # in which ordinary traffic reaches its level
  patience: 30s
  churn_alloc_rate: 50MiB
  churn_for: 20s
alerting:
  resend_delay: 5s
  target_down_for: 5s
  webhooks: [{url: 'http://)" + webhook_.address() +
                                               R"(/hook'}]
  alertmanagers:
    - static_configs:
        - targets: ['127.0.0.1:)" + std::to_string(alertmanager_port_) +
                                               R"(']
)");
}

boost::json::value Stand::Ask(const std::string& path_and_query) const {
  const boost::json::value answer = GetJson(heapwatch() + "/api/v1" + path_and_query);
  const auto* object = answer.if_object();
  const auto* data = object == nullptr ? nullptr : object->if_contains("data");
  return data == nullptr ? boost::json::value(nullptr) : *data;
}

std::string Stand::VerdictOn(const std::string& function) const {
  const boost::json::value data = Ask("/sites?limit=1000");
  if (!data.is_object()) return "";
  for (const auto& site : data.at("sites").as_array()) {
    if (site.at("site").at("function").as_string() == function)
      return std::string(site.at("verdict").as_string());
  }
  return "";
}

std::string Stand::Logs() const {
  std::string out;
  const auto add = [&](const char* name, const std::unique_ptr<Subprocess>& process) {
    if (process) out += std::string("== ") + name + "\n" + LastLines(process->all_output());
  };
  add("shop", shop_);
  add("archive", archive_);
  add("alertmanager", alertmanager_);
  add("prometheus", prometheus_);
  add("heapwatch", heapwatch_);
  return out;
}

}  // namespace heapwatch
