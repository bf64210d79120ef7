#include "watcher/cli/config_option.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "config/load.h"

namespace heapwatch {

void AddConfigOption(CLI::App& command, std::string& file) {
  command
      .add_option("--config.file", file,
                  "The service's configuration: its site_rules and detection apply [the defaults]")
      ->type_name("FILE");
}

Result<Judging> LoadJudging(const std::string& file) {
  Config config;
  if (!file.empty()) {
    auto loaded = LoadConfig(file);
    if (!loaded) return Fail(loaded.error());
    config = *std::move(loaded);
  }
  auto attributor = SiteAttributor::Create(config.site_rules);
  if (!attributor) return Fail(attributor.error());
  return Judging{.attributor = *std::move(attributor), .detection = config.detection};
}

}  // namespace heapwatch
