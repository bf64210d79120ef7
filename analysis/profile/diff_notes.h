// The sentences that stand with a diff: what a reader must know to read its numbers right. An inner
// part of the diff. Pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/profile/diff.h"
#include "analysis/profile/diff_noise.h"

namespace heapwatch {

// True where both sides tell the build of the main program, and it differs.
bool DifferentBuilds(const HeapProfile& before, const HeapProfile& after);

// `diff` is complete but for its notes.
std::vector<std::string> DiffNotes(const HeapProfile& before, const HeapProfile& after,
                                   const ProfileDiff& diff);

}  // namespace heapwatch
