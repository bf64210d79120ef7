// Reads the rules, mutes and links of `alerting:`. Used by load.cc only.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/yaml_reader.h"

namespace heapwatch {

// The fields of the section that say when an alert fires and how it looks. `alerting` must outlive
// them.
std::vector<YamlReader::Field> AlertRuleFields(YamlReader& reader, AlertingConfig& alerting);

// Whether it is a regular expression of RE2.
Result<void> CheckRegex(const std::string& pattern);

}  // namespace heapwatch
