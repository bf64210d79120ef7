#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <variant>

#include "config/load_discovery.h"
#include "watcher/access/web_settings.h"
#include "watcher/app/settings.h"
#include "watcher/cli/commands.h"
#include "watcher/discovery/file_discoverer.h"

namespace heapwatch {
namespace {

constexpr const char* kFooter = R"(Examples:
  heapwatch check config heapwatch.yml
  heapwatch check config heapwatch.yml && kill -HUP PID
  heapwatch check web-config web.yml

The files that file_sd_configs name are checked as well; one that is not there yet is a warning.

Exit codes: 0 the file is good, 1 it has mistakes, each told with its line and column, 2 wrong usage.)";

// What is wrong with a file of targets, or with one of its targets once it is relabelled.
Result<std::size_t> CheckTargetFile(const ScrapeConfig& job, const std::string& file) {
  const auto groups = LoadTargetGroups(file);
  if (!groups) return Fail(groups.error());
  std::size_t count = 0;
  for (StaticConfig group : *groups) {
    group.labels["__meta_filepath"] = file;
    for (const FoundTarget& found : TargetsOf(job, Relabeler(job.relabel_configs), group)) {
      if (!found.target) return Fail(found.target.error().In(file));
      if (*found.target) ++count;
    }
  }
  return count;
}

// The targets in the files of file_sd_configs; nullopt where one of them has mistakes, all told.
std::optional<std::size_t> CheckTargetFiles(const Config& config) {
  std::size_t count = 0;
  bool is_good = true;
  for (const ScrapeConfig& job : config.scrape_configs) {
    for (const DiscoveryConfig& discovery : job.discovery_configs) {
      const auto* file_sd = std::get_if<FileSdConfig>(&discovery);
      if (file_sd == nullptr) continue;
      for (const std::string& pattern : file_sd->files) {
        const auto files = MatchingFiles(pattern);
        if (files.empty())
          std::cerr << "warning: job \"" << job.job_name << "\": no file is there for " << pattern
                    << '\n';
        for (const std::string& file : files) {
          const auto checked = CheckTargetFile(job, file);
          if (!checked) std::cerr << checked.error().message << '\n';
          is_good = is_good && checked;
          count += checked.value_or(0);
        }
      }
    }
  }
  return is_good ? std::optional(count) : std::nullopt;
}

int CheckConfig(const std::string& file) {
  const auto settings = LoadSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  const auto in_files = CheckTargetFiles(*(*settings)->config);
  if (!in_files) return kExitBadInput;
  std::cout << file << " is good: " << (*settings)->config->scrape_configs.size() << " jobs, "
            << (*settings)->targets.size() + *in_files << " targets\n";
  return kExitOk;
}

int CheckWebConfig(const std::string& file) {
  const auto settings = LoadWebSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  const WebConfig& config = (*settings)->config;
  std::cout << file << " is good: " << (config.tls ? "TLS, " : "no TLS, ")
            << config.basic_auth_users.size() << " users, " << config.bearer_tokens.size()
            << " tokens\n";
  return kExitOk;
}

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("check", "Check files before they are used");
  command->require_subcommand(1);
  command->footer(kFooter);
  const auto file = std::make_shared<std::string>();
  CLI::App* config = command->add_subcommand("config", "Check a configuration");
  config->add_option("FILE", *file, "The configuration")->required()->type_name(" ");
  config->footer(kFooter);
  config->callback([file, &exit_code] { exit_code = CheckConfig(*file); });
  CLI::App* web = command->add_subcommand("web-config",
                                          "Check a web configuration, its certificates and tokens");
  web->add_option("FILE", *file, "The file of serve's --web.config.file")
      ->required()
      ->type_name(" ");
  web->footer(kFooter);
  web->callback([file, &exit_code] { exit_code = CheckWebConfig(*file); });
}

}  // namespace heapwatch
