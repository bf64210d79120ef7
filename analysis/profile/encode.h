// From a HeapProfile to pprof's profile.proto, gzip'd, with sequential ids 1..n: opens in `go tool
// pprof`, Parca, Pyroscope.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// Samples from `base_begin` on are labelled pprof::base=true, as in what `go tool pprof -diff_base`
// writes: theirs are the (negated) values of the older side of a diff.
std::string EncodePprof(const HeapProfile& profile,
                        std::optional<std::size_t> base_begin = std::nullopt);

}  // namespace heapwatch
