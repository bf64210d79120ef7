#include "analysis/base/utf8.h"

#include <cstddef>

namespace heapwatch {
namespace {

// Bytes of the well-formed character at the start of `text`, 0 where there is none (the Unicode
// standard, table 3-7).
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_in = [](unsigned value, unsigned low, unsigned high) {
    return value >= low && value <= high;
  };
  const auto is_tail = [&](std::size_t i) { return is_in(byte(i), 0x80, 0xBF); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (is_in(first, 0xC2, 0xDF)) return is_tail(1) ? 2 : 0;
  if (is_in(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // surrogates are no characters
    return is_in(byte(1), low, high) && is_tail(2) ? 3 : 0;
  }
  if (is_in(first, 0xF0, 0xF4)) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return is_in(byte(1), low, high) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string ToUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace heapwatch
