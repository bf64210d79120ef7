#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "watcher/access/web_settings.h"
#include "watcher/app/settings.h"
#include "watcher/cli/commands.h"

namespace heapwatch {
namespace {

constexpr const char* kFooter = R"(Examples:
  heapwatch check config heapwatch.yml
  heapwatch check config heapwatch.yml && kill -HUP PID
  heapwatch check web-config web.yml

Exit codes: 0 the file is good, 1 it has mistakes, each told with its line and column, 2 wrong usage.)";

int CheckConfig(const std::string& file) {
  const auto settings = LoadSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  std::cout << file << " is good: " << (*settings)->config->scrape_configs.size() << " jobs, "
            << (*settings)->targets.size() << " targets\n";
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
