// What a stack is, whatever profile it stands in, as 128 bits.
//
// A location is its frames, innermost first, each by function (name, linker's name, file, first
// line) and line; one without names is its build id (or else its file) and the offset in that file,
// so that address randomisation does not show. A stack is its caller's stack, extended by one
// location: so stacks that share callers share work. Stored on disk: a change here makes every
// stored stack a new one. Pure.
//
//   HashStack({leaf, caller, root}) == ExtendStack(HashStack({caller, root}), leaf)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

ContentHash HashLocation(const HeapProfile& profile, const Location& location);
// All of the profile's, in order; each function is looked at once.
void HashLocations(const HeapProfile& profile, std::vector<ContentHash>& hashes);

inline constexpr ContentHash kEmptyStackHash = {.high = 0x243f6a8885a308d3,
                                                .low = 0x13198a2e03707344};

inline std::uint64_t FoldProduct(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product >> 64U) ^ static_cast<std::uint64_t>(product);
}

// Two lanes of 64-bit multiplications folded to their halves; the constants are digits of pi. The
// inputs are hashes already, so that no more mixing is wanted.
inline void ExtendStack(std::uint64_t& high, std::uint64_t& low, const ContentHash& location) {
  high = FoldProduct(high ^ location.high, location.low ^ 0xa4093822299f31d0U);
  low = FoldProduct(low ^ location.low, location.high ^ 0x082efa98ec4e6c89U);
}
inline ContentHash ExtendStack(ContentHash callers, ContentHash location) {
  ExtendStack(callers.high, callers.low, location);
  return callers;
}

// `locations` are the hashes of a stack's locations, leaf first.
ContentHash HashStack(std::span<const ContentHash> locations);

}  // namespace heapwatch
