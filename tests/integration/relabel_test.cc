// The same targets and rules given to a real Prometheus and to us: the labels and the addresses of
// what is left must be the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>

#include "config/load.h"
#include "config/targets.h"
#include "tests/integration/stand.h"
#include "tests/support/http_probe.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

// In our words; Prometheus says metrics_path where we say profile_path.
constexpr std::string_view kJobs = R"(
scrape_configs:
  - job_name: replace
    profile_path: /debug/pprof/heap
    params: {gc: ["1", "2"]}
    static_configs:
      - targets: ["checkout-7.eu.example:6060", "cart-0.us.example:6060", "10.0.0.1:6060", "[fd00::3]:6060"]
        labels: {__meta_zone: eu-1, team: Shop, empty: ""}
    relabel_configs:
      - {source_labels: [__address__], regex: '(?P<app>[a-z]+)-(\d+)\..*', target_label: app, replacement: '${app}/$2'}
      - {source_labels: [__meta_zone, team], separator: '@', target_label: both}
      - {source_labels: [team], target_label: 'in_$1', replacement: '$1x${1}x$9y$$'}
      - {source_labels: [nothing], target_label: team, replacement: ''}
      - {source_labels: [app], regex: 'cart.*', target_label: __profile_path__, replacement: /other}
      - {source_labels: [app], regex: 'checkout.*', target_label: __scheme__, replacement: https}
      - {source_labels: [app], regex: 'checkout.*', target_label: __param_gc, replacement: '3'}
      - {source_labels: [app], regex: 'checkout.*', target_label: __param_new, replacement: 'a b'}
      - {source_labels: [app], regex: 'cart.*', target_label: instance, replacement: the-cart}
  - job_name: keep
    static_configs:
      - {targets: ["a:1", "b:1", "ab:1"], labels: {zone: eu}}
    relabel_configs:
      - {action: keep, source_labels: [__address__], regex: 'a:1|b'}
  - job_name: drop
    static_configs: [{targets: ["a:1", "b:1", "ab:1"]}]
    relabel_configs: [{action: drop, source_labels: [__address__], regex: 'a.*'}]
  - job_name: equal
    static_configs:
      - {targets: ["a:1"], labels: {x: '1', y: '1', z: '2'}}
      - {targets: ["b:1"], labels: {x: '1', y: '2', z: '3'}}
      - {targets: ["c:1"], labels: {x: '1', y: '1', z: '1'}}
    relabel_configs:
      - {action: keepequal, source_labels: [x], target_label: y}
      - {action: dropequal, source_labels: [x], target_label: z}
  - job_name: hash
    static_configs: [{targets: ["a:1", "b:1", "c:1", "d:1", "e:1"], labels: {zone: eu}}]
    relabel_configs:
      - {action: hashmod, source_labels: [__address__, zone], target_label: part, modulus: 7}
      - {action: hashmod, source_labels: [__address__], target_label: __tmp_half, modulus: 2}
      - {action: keep, source_labels: [__tmp_half], regex: '1'}
  - job_name: names
    static_configs:
      - {targets: ["a:1"], labels: {__meta_label_app: shop, __meta_label_tier: web, junk_1: x, junk_2: y, good: z}}
    relabel_configs:
      - {action: labelmap, regex: '__meta_label_(.+)'}
      - {action: labelmap, regex: 'good', replacement: 'very_$0'}
      - {action: labeldrop, regex: 'junk_.*'}
  - job_name: few
    static_configs: [{targets: ["a:1"], labels: {a: x, b: y, bc: z}}]
    relabel_configs: [{action: labelkeep, regex: '__.*|job|a|b'}]
  - job_name: cases
    static_configs: [{targets: ["a:1"], labels: {mixed: MiXed, other: Straße}}]
    relabel_configs:
      - {action: lowercase, source_labels: [mixed], target_label: low}
      - {action: uppercase, source_labels: [mixed, job], target_label: high}
  - job_name: same
    static_configs: [{targets: ["a:1", "b:1"]}]
    relabel_configs:
      - {target_label: instance, replacement: one}
      - {target_label: __address__, replacement: 'c:1'}
)";

using Found = std::multimap<std::string, std::string>;  // labels -> URL

std::string Name(Labels labels) {
  labels.erase("service");  // of ours alone
  return ToString(labels);
}

// The order of parameters says nothing.
std::string Plain(std::string url) {
  RE2::GlobalReplace(&url, R"(%20|\+)", " ");
  return url;
}

Found Ours() {
  Found found;
  const auto config = ParseConfig(kJobs, "relabel.yml");
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  if (!config) return found;
  for (const Target& target : ExpandTargets(*config))
    found.emplace(Name(target.labels), Plain(target.url));
  return found;
}

Found Theirs(const boost::json::value& answer) {
  Found found;
  if (!answer.is_object()) return found;
  for (const auto& target : answer.at("data").at("activeTargets").as_array()) {
    Labels labels;
    for (const auto& [name, value] : target.at("labels").as_object())
      labels.emplace(name, value.as_string());
    found.emplace(Name(labels), Plain(std::string(target.at("scrapeUrl").as_string())));
  }
  return found;
}

TEST(Relabelling, LeavesWhatPrometheusLeaves) {
  if (FindProgram("prometheus").empty()) GTEST_SKIP() << "prometheus is not installed";
  std::string theirs(kJobs);
  RE2::GlobalReplace(&theirs, "profile_path", "metrics_path");
  // Theirs has another default.
  RE2::GlobalReplace(&theirs, R"((- job_name: (?:[a-q]|[s-z]|re[^p])\w*)\n)",
                     "\\1\n    metrics_path: /debug/pprof/heap\n");
  const TemporaryDirectory directory;
  const std::uint16_t port = FreePort();
  const Subprocess prometheus({"prometheus", "--config.file=" + directory.Write("p.yml", theirs),
                               "--storage.tsdb.path=" + directory.Path("data"),
                               "--web.listen-address=127.0.0.1:" + std::to_string(port)});
  const Found ours = Ours();
  Found found;
  const auto all_are_there = [&] {
    found = Theirs(GetJson("http://127.0.0.1:" + std::to_string(port) + "/api/v1/targets"));
    return found.size() >= ours.size();
  };
  WaitUntil(all_are_there, std::chrono::seconds(60));
  EXPECT_THAT(ours, ::testing::ContainerEq(found)) << prometheus.all_output();
  EXPECT_EQ(ours.size(), 12U);
}

}  // namespace
}  // namespace heapwatch
