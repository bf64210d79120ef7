#include "analysis/profile/memory_map.h"

#include <algorithm>

#include "analysis/profile/text_lines.h"

namespace heapwatch {
namespace {

std::string_view TakeWord(std::string_view& text) {
  SkipSpaces(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// "55d0-55e0 r-xp 00001000 fd:01 1234   /bin/app" or "55d0-55e0: /bin/app (@1000)".
std::optional<Mapping> ParseLine(std::string_view line) {
  Mapping mapping;
  const auto start = TakeHex(line);
  if (!start || !Take(line, "-")) return std::nullopt;
  const auto limit = TakeHex(line);
  if (!limit || *limit <= *start) return std::nullopt;
  mapping.start = *start;
  mapping.limit = *limit;
  if (Take(line, ":")) {
    mapping.file = TakeWord(line);
    if (Take(line, "(@")) mapping.file_offset = TakeHex(line).value_or(0);
    return mapping;
  }
  if (TakeWord(line).find('x') == std::string_view::npos) return std::nullopt;
  const auto offset = TakeHex(line);
  if (!offset) return std::nullopt;
  mapping.file_offset = *offset;
  TakeWord(line);  // device
  TakeWord(line);  // inode
  SkipSpaces(line);
  mapping.file = line;
  return mapping;
}

}  // namespace

std::vector<Mapping> ParseMemoryMap(std::string_view text) {
  std::vector<Mapping> mappings;
  LineReader reader(text);
  std::string_view line;
  while (reader.Next(line)) {
    if (const auto mapping = ParseLine(line)) mappings.push_back(*mapping);
  }
  std::stable_sort(mappings.begin(), mappings.end(),
                   [](const Mapping& a, const Mapping& b) { return a.start < b.start; });
  return mappings;
}

std::optional<std::size_t> FindMapping(const std::vector<Mapping>& mappings,
                                       std::uint64_t address) {
  const auto after =
      std::upper_bound(mappings.begin(), mappings.end(), address,
                       [](std::uint64_t a, const Mapping& mapping) { return a < mapping.start; });
  if (after == mappings.begin()) return std::nullopt;
  const auto found = after - 1;
  if (address >= found->limit) return std::nullopt;
  return static_cast<std::size_t>(found - mappings.begin());
}

}  // namespace heapwatch
