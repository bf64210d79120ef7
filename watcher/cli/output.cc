#include "watcher/cli/output.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace heapwatch {

Result<void> WriteOutput(const std::string& path, const std::string& text) {
  if (path.empty()) {
    std::cout << text << std::flush;
    if (!std::cout) return Fail(ErrorCode::kUnavailable, "cannot write to the standard output");
    return {};
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  return {};
}

}  // namespace heapwatch
