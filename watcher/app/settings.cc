#include "watcher/app/settings.h"

#include "config/load.h"

namespace heapwatch {

Result<std::shared_ptr<const Settings>> LoadSettings(const std::string& config_file) {
  auto config = LoadConfig(config_file);
  if (!config) return Fail(config.error());
  auto attributor = SiteAttributor::Create(config->site_rules);
  if (!attributor) return Fail(attributor.error().In(config_file));
  auto settings = std::make_shared<Settings>();
  settings->attributor = std::move(*attributor);
  settings->targets = ExpandTargets(*config);
  settings->config = std::make_shared<const Config>(std::move(*config));
  return settings;
}

}  // namespace heapwatch
