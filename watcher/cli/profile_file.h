// Reads a heap profile of any format from a file. Errors name the file.
#pragma once

#include <string>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

Result<HeapProfile> ReadProfileFile(const std::string& path);

}  // namespace heapwatch
