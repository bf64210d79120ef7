#include "analysis/profile/site.h"

#include <xxhash.h>

#include <cstdio>

namespace heapwatch {

ContentHash Site::id() const {
  std::string key = function;
  key += '\0';
  key += line_is_relative ? '+' : '=';
  key += std::to_string(line);
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return {.high = hash.high64, .low = hash.low64};
}

std::string Site::id_text() const {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(id().high));
  return text;
}

std::string Site::ToString() const {
  const std::string_view base = std::string_view(file).substr(file.find_last_of("/\\") + 1);
  std::string out = function;
  if (base.empty() && line == 0 && !line_is_relative) return out;
  if (!out.empty()) out += ' ';
  out += base;
  if (line_is_relative) return out + (base.empty() ? "+" : ":+") + std::to_string(line);
  if (line != 0) out += (base.empty() ? "" : ":") + std::to_string(line);
  return out;
}

}  // namespace heapwatch
