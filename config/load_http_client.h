// The fields of HttpClientConfig, as part of the table of whatever section has them.
#pragma once

#include <string_view>
#include <vector>

#include "config/http_client_config.h"
#include "config/yaml_reader.h"

namespace heapwatch {

// `out` must stay where it is until the section is read. No problem ever repeats a secret.
std::vector<YamlReader::Field> HttpClientFields(YamlReader& reader, HttpClientConfig& out);

// Whether it is like https://host:8080/path?query. A name and password in it are refused: they
// would be shown.
bool IsHttpUrl(std::string_view text);

}  // namespace heapwatch
