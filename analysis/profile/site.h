// An allocation site: the function, and the line in it, that a stack's memory is attributed to.
//
// It is the leaf-most frame that is neither allocator nor runtime helper. The name must survive a
// rebuild: it holds no address, the line is counted from the start of its function where that is
// known, and type parameters, closure numbers and version suffixes are normalised (see
// attribution.h). Texts are valid UTF-8, so that a site is the same after it was saved as JSON.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "analysis/base/strong_id.h"

namespace heapwatch {

struct Site {
  std::string function = {};  // "cache.(*Store).Set"
  // As the profile has it; not part of the identity, since build machines differ in their paths.
  std::string file = {};
  std::int64_t line = 0;          // 0: unknown
  bool line_is_relative = false;  // counted from the function's first line (+0)

  // Function and line, hashed; the same on every replica.
  ContentHash id() const;
  // The id as 16 hex digits: how the API, the page and the alerts name the site.
  std::string id_text() const;
  // "cache.(*Store).Set cache.go:+41", or "cache.go:41" where the line is absolute.
  std::string ToString() const;

  bool operator==(const Site&) const = default;
};

}  // namespace heapwatch
