#include "alerting/text.h"

#include <xxhash.h>

#include <cstdio>

namespace heapwatch {
namespace {

constexpr std::string_view kEllipsis = "…";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t CountRunes(std::string_view text) {
  std::size_t runes = 0;
  for (const char c : text)
    if (!IsContinuation(c)) ++runes;
  return runes;
}

std::string CutEnd(std::string_view text, std::size_t max_runes) {
  if (CountRunes(text) <= max_runes) return std::string(text);
  if (max_runes == 0) return "";
  std::size_t end = 0;
  for (std::size_t runes = 0; end < text.size(); ++end)
    if (!IsContinuation(text[end]) && runes++ == max_runes - 1) break;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string CutBegin(std::string_view text, std::size_t max_runes) {
  const std::size_t runes = CountRunes(text);
  if (runes <= max_runes) return std::string(text);
  if (max_runes == 0) return "";
  std::size_t begin = 0;
  for (std::size_t skipped = 0; begin < text.size(); ++begin)
    if (!IsContinuation(text[begin]) && skipped++ == runes - (max_runes - 1)) break;
  return std::string(kEllipsis) + std::string(text.substr(begin));
}

std::string HexHashOf(std::string_view text) {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hash;
}

std::string LabelValue(std::string_view text) {
  if (CountRunes(text) <= kMaxLabelRunes) return std::string(text);
  const std::string hash = HexHashOf(text);
  return CutEnd(text, kMaxLabelRunes - hash.size()) + hash;
}

}  // namespace heapwatch
