// Reads how targets are found: the *_sd_configs of a job, and the lists of groups that files and
// servers give. Used by load.cc, and by who watches such files (watcher/discovery).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "config/discovery_config.h"
#include "config/yaml_reader.h"

namespace heapwatch {

// The fields file_sd_configs, ...; `where` names the job in problems. `out` must outlive them.
std::vector<YamlReader::Field> DiscoveryFields(YamlReader& reader, const std::string& where,
                                               std::vector<DiscoveryConfig>& out);

// A group: its targets, each as `check` wants it, and its labels.
void ReadTargetGroup(YamlReader& reader, const YAML::Node& node, const std::string& where,
                     const std::function<Result<void>(const std::string&)>& check,
                     StaticConfig& out);

// A list of groups, whose addresses may be anything. Errors as those of ParseConfig; `name` names
// the text in them.
Result<std::vector<StaticConfig>> ParseYamlGroups(std::string_view text, std::string_view name);
Result<std::vector<StaticConfig>> ParseJsonGroups(std::string_view text, std::string_view name);

// The groups of a file, JSON or YAML by its ending.
Result<std::vector<StaticConfig>> LoadTargetGroups(const std::string& path);

}  // namespace heapwatch
