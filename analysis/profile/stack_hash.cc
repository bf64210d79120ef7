#include "analysis/profile/stack_hash.h"

#include <xxhash.h>

#include <cstring>
#include <string>

namespace heapwatch {
namespace {

static_assert(sizeof(ContentHash) == 16, "hashed as bytes");

ContentHash Hash(const void* data, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {.high = hash.high64, .low = hash.low64};
}

void Append(std::string& out, std::uint64_t number) {
  char bytes[sizeof(number)];
  for (std::size_t i = 0; i < sizeof(number); ++i) bytes[i] = static_cast<char>(number >> (8 * i));
  out.append(bytes, sizeof(bytes));
}

// The length in front, so that ("ab", "c") and ("a", "bc") differ.
void Append(std::string& out, std::string_view text) {
  Append(out, std::uint64_t{text.size()});
  out.append(text);
}

}  // namespace

ContentHash HashLocation(const HeapProfile& profile, const Location& location) {
  thread_local std::string key;  // kept for its capacity
  key.clear();
  for (const Line& line : profile.lines_of(location)) {
    const Function& function = profile.functions[line.function.index()];
    Append(key, function.name);
    Append(key, function.system_name == function.name ? std::string_view() : function.system_name);
    Append(key, function.file);
    Append(key, static_cast<std::uint64_t>(function.start_line));
    Append(key, static_cast<std::uint64_t>(line.line));
  }
  if (!key.empty()) return Hash(key.data(), key.size());

  std::uint64_t offset = location.address;
  if (location.mapping) {
    const Mapping& mapping = profile.mappings[location.mapping->index()];
    Append(key, mapping.build_id.empty() ? mapping.file : mapping.build_id);
    offset += mapping.file_offset - mapping.start;
  }
  Append(key, offset);
  return Hash(key.data(), key.size());
}

std::vector<ContentHash> HashLocations(const HeapProfile& profile) {
  std::vector<ContentHash> hashes;
  hashes.reserve(profile.locations.size());
  for (const Location& location : profile.locations) {
    hashes.push_back(HashLocation(profile, location));
  }
  return hashes;
}

ContentHash HashStack(std::span<const ContentHash> locations) {
  return Hash(locations.data(), locations.size_bytes());
}

}  // namespace heapwatch
