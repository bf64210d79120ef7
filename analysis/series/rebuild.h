// The way back: from a chain of rows and the dictionary to the profile that was handed in.
#pragma once

#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/stack_table.h"

namespace heapwatch {

// The stacks of the series that are not all zero, each once, in the order of the chain.
std::vector<ContentHash> LiveStacks(const RowChain& chain);

// The profile as it stood after the chain's last row. `stacks` are its LiveStacks, all of which the
// table has.
HeapProfile RebuildProfile(const RowChain& chain, const std::vector<ContentHash>& stacks,
                           const StackTable& table, Time time);

}  // namespace heapwatch
