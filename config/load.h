// Reads heapwatch.yml strictly: an unknown key, a wrong type, a bad duration or regular expression
// is refused with the file, the line, the column, what was expected and the nearest valid name, one
// problem per line of the message. All or nothing: a Config that is returned is usable.
#pragma once

#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "config/config.h"

namespace heapwatch {

// `file` only names the text in messages: "heapwatch.yml:12:5: ...".
Result<Config> ParseConfig(std::string_view text, std::string_view file);
Result<Config> LoadConfig(const std::string& path);

}  // namespace heapwatch
