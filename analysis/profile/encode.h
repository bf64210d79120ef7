// From a HeapProfile to pprof's profile.proto, gzip'd, with sequential ids 1..n: opens in `go tool
// pprof`, Parca, Pyroscope.
#pragma once

#include <string>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

std::string EncodePprof(const HeapProfile& profile);

}  // namespace heapwatch
