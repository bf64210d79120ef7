#include <gtest/gtest.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/load.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = InSource("");
const fs::path kRules = kSource / "config/deploy/prometheus";

std::string ReadText(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// A copy of a file that names other paths, in a place of its own.
fs::path WriteCopy(const std::string& name, const std::string& text) {
  const fs::path directory = fs::path(::testing::TempDir()) / "heapwatch_deploy_test";
  fs::create_directories(directory);
  std::ofstream(directory / name) << text;
  return directory / name;
}

TEST(PrometheusRules, AreAcceptedAndFireAsTheyShould) {
  if (FindProgram("promtool").empty())
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  const fs::path test = WriteCopy(
      "rules_test.yml", Replaced(ReadText(kSource / "tests/config/prometheus_rules_test.yml"),
                                 "RULES", kRules.string()));
  const auto result = RunProgram({"promtool", "test", "rules", test.string()});
  EXPECT_EQ(result.exit_code, 0) << result.standard_output << result.standard_error;
}

TEST(PrometheusConfig, IsAccepted) {
  if (FindProgram("promtool").empty())
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  const auto result =
      RunProgram({"promtool", "check", "config", (kRules / "prometheus.yml").string()});
  EXPECT_EQ(result.exit_code, 0) << result.standard_output << result.standard_error;
}

TEST(SystemdUnit, IsAccepted) {
  if (FindProgram("systemd-analyze").empty()) GTEST_SKIP() << "systemd-analyze is not installed";
  const fs::path unit =
      WriteCopy("heapwatch.service", Replaced(ReadText(kSource / "config/deploy/heapwatch.service"),
                                              "/usr/bin/heapwatch", "/bin/true"));
  const auto result = RunProgram({"systemd-analyze", "verify", unit.string()});
  EXPECT_EQ(result.exit_code, 0) << result.standard_output << result.standard_error;
  EXPECT_EQ(result.standard_error, "");
}

TEST(AlertmanagerConfig, IsAccepted) {
  if (FindProgram("amtool").empty())
    GTEST_SKIP() << "amtool is not installed (package prometheus-alertmanager)";
  const auto result =
      RunProgram({"amtool", "check-config",
                  (kSource / "config/deploy/alertmanager/alertmanager.yml").string()});
  EXPECT_EQ(result.exit_code, 0) << result.standard_output << result.standard_error;
  const auto routed = [](const std::string& severity) {
    return RunProgram({"amtool", "config", "routes", "test", "--config.file",
                       (kSource / "config/deploy/alertmanager/alertmanager.yml").string(),
                       "severity=" + severity})
        .standard_output;
  };
  EXPECT_EQ(routed("page"), "pager\n");
  EXPECT_EQ(routed("ticket"), "tickets\n");
}

TEST(KubernetesManifest, HoldsAConfigurationAndWhatDiscoveryMayAsk) {
  const fs::path manifest = kSource / "config/deploy/kubernetes/heapwatch.yml";
  std::map<std::string, YAML::Node> objects;
  for (const YAML::Node& object : YAML::LoadAllFromFile(manifest.string()))
    objects.emplace(object["kind"].as<std::string>(), object);
  const auto config =
      ParseConfig(objects.at("ConfigMap")["data"]["heapwatch.yml"].as<std::string>(), "ConfigMap");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->scrape_configs.at(0).discovery_configs.size(), 1U);
  const YAML::Node rule = objects.at("ClusterRole")["rules"][0];
  EXPECT_EQ(rule["resources"].as<std::vector<std::string>>(),
            (std::vector<std::string>{"pods", "services", "endpoints"}));
  EXPECT_EQ(rule["verbs"].as<std::vector<std::string>>(),
            (std::vector<std::string>{"list", "watch"}));
}

// Their licenses ask to be handed on with the program that carries them.
TEST(Copyright, NamesWhatThePageIsMadeOf) {
  const std::string copyright = ReadText(kSource / "config/deploy/debian/copyright");
  const YAML::Node carried =
      YAML::LoadFile((kSource / "watcher/web/package.json").string())["dependencies"];
  EXPECT_GE(carried.size(), 2U);
  for (const auto& package : carried) {
    const std::string files = "Files: node_modules/" + package.first.as<std::string>() + "/*\n";
    EXPECT_NE(copyright.find(files), std::string::npos) << files;
  }
}

TEST(Deployment, StartsHeapwatchWithFlagsThatExist) {
  const std::string known = ReadText(kSource / "watcher/cli/serve_command.cc");
  const RE2 flag("--((?:web|storage|config|log)\\.[a-z-]+)");
  std::size_t flags = 0;
  for (const char* file : {"heapwatch.service", "kubernetes/heapwatch.yml", "Containerfile"}) {
    const std::string text = ReadText(kSource / "config/deploy" / file);
    re2::StringPiece rest(text);
    for (std::string name; RE2::FindAndConsume(&rest, flag, &name); ++flags)
      EXPECT_NE(known.find("\"--" + name), std::string::npos) << file << ": --" << name;
  }
  EXPECT_GE(flags, 10U);
}

// A gauge that is renamed must not leave a rule behind that never fires again.
TEST(PrometheusRules, UseOnlyMetricsThatAreExported) {
  std::string code;
  for (const char* folder : {"alerting", "watcher"})
    for (const auto& entry : fs::recursive_directory_iterator(kSource / folder))
      if (entry.path().extension() == ".cc") code += ReadText(entry.path());
  std::set<std::string> used;
  for (const char* file :
       {"heapwatch_alerts.yml", "heapwatch_recording.yml", "heapwatch_site_alerts.yml"}) {
    std::istringstream lines(ReadText(kRules / file));
    const RE2 name("([a-z_]+:heapwatch_[a-z_:]+|\\bheapwatch_[a-z_]+)");
    for (std::string line; std::getline(lines, line);) {
      if (line.find("name:") != std::string::npos || line.starts_with("#")) continue;
      re2::StringPiece rest(line);
      for (std::string found; RE2::FindAndConsume(&rest, name, &found);)
        if (found.starts_with("heapwatch_")) used.insert(found);
    }
  }
  EXPECT_GE(used.size(), 10U);
  for (const std::string& metric : used)
    EXPECT_NE(code.find('"' + metric + '"'), std::string::npos) << metric << " is not exported";
}

}  // namespace
}  // namespace heapwatch
