#include "analysis/base/labels.h"

namespace heapwatch {

std::string_view Get(const Labels& labels, std::string_view name) {
  const auto it = labels.find(name);
  if (it == labels.end()) return {};
  return it->second;
}

std::string ToString(const Labels& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ", ";
    out += name + "=\"";
    for (const char c : value) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace heapwatch
