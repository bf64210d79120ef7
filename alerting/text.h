// Text within the limits of those who receive it, which count runes. What is handed in must be
// valid UTF-8 (analysis/base/utf8.h). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heapwatch {

// Of a label's value, wherever a program chose it.
inline constexpr std::size_t kMaxLabelRunes = 256;

std::size_t CountRunes(std::string_view text);

// At most `max_runes`, of which the last is "…" where something was cut off at the end.
std::string CutEnd(std::string_view text, std::size_t max_runes);
// Likewise, but cut at the beginning: of a function's name the end tells most.
std::string CutBegin(std::string_view text, std::size_t max_runes);

// 16 hex digits, the same for the same text everywhere.
std::string HexHashOf(std::string_view text);

// A label's value of at most kMaxLabelRunes. Where something was cut off its hash stands in place
// of it, so that values which differ go on differing.
std::string LabelValue(std::string_view text);

}  // namespace heapwatch
