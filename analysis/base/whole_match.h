// Whether a pattern matches the whole of a text. Pure.
//
// RE2 takes its own kind of text: one that a std::string_view becomes by itself in Debian 12, and
// that has to be made of it in Debian 13.
#pragma once

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <string_view>

namespace heapwatch {

inline bool MatchesWhole(std::string_view text, const re2::RE2& pattern) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace heapwatch
