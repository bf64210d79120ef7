// The diff by function, as `go tool pprof -top` lists it.
//
// flat: memory allocated by the function itself (the leaf of a stack, inlined calls counted as
// functions); cum: by it and whatever it called, each stack counted once however often the function
// stands in it. Pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/profile/diff.h"

namespace heapwatch {

struct FunctionChange {
  std::string name;
  Change flat;
  Change cum;
};

enum class FunctionOrder { kFlat, kCum };  // the largest change, up or down, first

std::vector<FunctionChange> FunctionChanges(const ProfileDiff& diff, FunctionOrder order);

}  // namespace heapwatch
