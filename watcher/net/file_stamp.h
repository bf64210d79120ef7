// Tells whether a file was changed or replaced, by what the file system says of it.
#pragma once

#include <string>

namespace heapwatch {

// Adds to `out` what differs once the file at `path` has changed; nothing for "".
void AddFileStamp(const std::string& path, std::string& out);

}  // namespace heapwatch
