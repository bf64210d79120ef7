// What a profile says beside its stacks and their values, as bytes: sample types, period, duration,
// comments, mappings. It hardly ever changes between two scrapes of one process, so that a row
// tells it only where it did.
#pragma once

#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// Equal heads give equal bytes. The time is not part of it.
std::string EncodeHead(const HeapProfile& profile);

// A profile with this head and neither stacks nor samples. kCorrupt where the bytes are no head.
Result<HeapProfile> DecodeHead(std::string_view bytes);

}  // namespace heapwatch
