#include "alerting/text.h"

#include <cstdint>

namespace heapwatch {
namespace {

constexpr std::string_view kEllipsis = "…";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The length of the valid sequence at the beginning of `text`, or 0. Overlong forms, surrogates and
// what lies beyond U+10FFFF are invalid (RFC 3629).
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!IsContinuation(text[i])) return 0;
  const unsigned second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

}  // namespace

std::string ToValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    out += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

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

}  // namespace heapwatch
