#include "analysis/profile/stack_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <optional>
#include <string_view>

namespace heapwatch {
namespace {

ContentHash HashBytes(const void* data, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {.high = hash.high64, .low = hash.low64};
}
ContentHash HashText(std::string_view text) { return HashBytes(text.data(), text.size()); }

// Each text is hashed by itself and the hashes are joined: no length need be told, and nothing is
// copied.
ContentHash HashFunction(const Function& function) {
  const std::array<ContentHash, 4> parts = {
      HashText(function.name),
      function.system_name == function.name ? ContentHash() : HashText(function.system_name),
      HashText(function.file),
      {.high = 0, .low = static_cast<std::uint64_t>(function.start_line)}};
  return HashBytes(parts.data(), sizeof(parts));
}

ContentHash HashFrame(ContentHash function, std::int64_t line) {
  const auto number = static_cast<std::uint64_t>(line);
  return ExtendStack(function, {.high = number, .low = number});
}

ContentHash HashUnnamed(const HeapProfile& profile, const Location& location) {
  ContentHash file;
  if (location.mapping) {
    const Mapping& mapping = profile.mappings[location.mapping->index()];
    file = HashText(mapping.build_id.empty() ? mapping.file : mapping.build_id);
  }
  return HashFrame(file, static_cast<std::int64_t>(profile.offset_of(location)));
}

template <class HashOf>
ContentHash HashLines(std::span<const Line> lines, HashOf hash_of) {
  ContentHash hash = HashFrame(hash_of(lines[0].function), lines[0].line);
  for (const Line& line : lines.subspan(1)) {
    hash = ExtendStack(hash, HashFrame(hash_of(line.function), line.line));
  }
  return hash;
}

}  // namespace

ContentHash HashLocation(const HeapProfile& profile, const Location& location) {
  if (location.line_count == 0) return HashUnnamed(profile, location);
  return HashLines(profile.lines_of(location),
                   [&](FunctionId id) { return HashFunction(profile.functions[id.index()]); });
}

void HashLocations(const HeapProfile& profile, std::vector<ContentHash>& hashes) {
  std::vector<ContentHash> functions;
  functions.reserve(profile.functions.size());
  for (const Function& function : profile.functions) functions.push_back(HashFunction(function));
  hashes.clear();
  hashes.reserve(profile.locations.size());
  for (const Location& location : profile.locations) {
    hashes.push_back(location.line_count == 0
                         ? HashUnnamed(profile, location)
                         : HashLines(profile.lines_of(location),
                                     [&](FunctionId id) { return functions[id.index()]; }));
  }
}

ContentHash HashStack(std::span<const ContentHash> locations) {
  ContentHash hash = kEmptyStackHash;
  for (std::size_t i = locations.size(); i-- > 0;) hash = ExtendStack(hash, locations[i]);
  return hash;
}

}  // namespace heapwatch
