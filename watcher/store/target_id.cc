#include "watcher/store/target_id.h"

#include <xxhash.h>

#include <charconv>
#include <cstdio>

namespace heapwatch {

TargetId TargetId::Of(const Labels& labels) {
  // Lengths in front, so that {ab="c"} and {a="bc"} differ.
  std::string text;
  for (const auto& [name, value] : labels) {
    text += std::to_string(name.size()) + ':' + name + std::to_string(value.size()) + ':' + value;
  }
  return TargetId{XXH3_64bits(text.data(), text.size())};
}

Result<TargetId> TargetId::Parse(std::string_view hex) {
  TargetId id;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), id.value, 16);
  if (hex.size() != 16 || error != std::errc() || end != hex.data() + hex.size()) {
    return Fail(ErrorCode::kInvalidArgument, "\"" + std::string(hex.substr(0, 64)) +
                                                 "\" is no target id: it wants 16 hex digits");
  }
  return id;
}

std::string TargetId::ToString() const {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace heapwatch
