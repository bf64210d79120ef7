// The list of mapped files that text dumps carry after "MAPPED_LIBRARIES:": /proc/self/maps, or
// gperftools' shortened form. Only executable mappings matter. Lines that are neither are passed
// over. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// Ordered by start. The texts are views of `text`.
std::vector<Mapping> ParseMemoryMap(std::string_view text);

// Index of the mapping that holds the address.
std::optional<std::size_t> FindMapping(const std::vector<Mapping>& mappings, std::uint64_t address);

}  // namespace heapwatch
