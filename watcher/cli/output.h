// Where a sub-command's result goes: the file of its option -o, or the standard output.
#pragma once

#include <string>

#include "analysis/base/error.h"

namespace heapwatch {

// An empty path is the standard output. kUnavailable where it cannot be written.
Result<void> WriteOutput(const std::string& path, const std::string& text);

}  // namespace heapwatch
