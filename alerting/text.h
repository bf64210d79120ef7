// Text within the limits of those who receive it: they count runes and refuse what is not UTF-8.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heapwatch {

// The same text with every byte that is not part of valid UTF-8 replaced by "?".
std::string ToValidUtf8(std::string_view text);

// Of valid UTF-8.
std::size_t CountRunes(std::string_view text);

// At most `max_runes`, of which the last is "…" where something was cut off at the end.
std::string CutEnd(std::string_view text, std::size_t max_runes);
// Likewise, but cut at the beginning: of a function's name the end tells most.
std::string CutBegin(std::string_view text, std::size_t max_runes);

}  // namespace heapwatch
