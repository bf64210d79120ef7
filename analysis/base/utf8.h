// Text that came from outside, made valid UTF-8: JSON, SVG and web pages may hold nothing else.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace heapwatch {

// The same text with each byte that belongs to no well-formed character replaced by U+FFFD.
std::string ToUtf8(std::string_view text);

}  // namespace heapwatch
