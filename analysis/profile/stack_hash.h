// What a stack is, whatever profile it stands in, as 128 bits.
//
// A location is its frames, innermost first, each by function (name, linker's name, file, first
// line) and line; one without names is its build id (or else its file) and the offset in that file,
// so that address randomisation does not show. A stack is the sequence of its locations. Stored on
// disk: a change here makes every stored stack a new one. Pure.
#pragma once

#include <span>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

ContentHash HashLocation(const HeapProfile& profile, const Location& location);
std::vector<ContentHash> HashLocations(const HeapProfile& profile);

// `locations` are the hashes of a stack's locations, leaf first.
ContentHash HashStack(std::span<const ContentHash> locations);

}  // namespace heapwatch
