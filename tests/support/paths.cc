#include "tests/support/paths.h"

namespace heapwatch {

std::filesystem::path InSource(const std::filesystem::path& relative) {
  return std::filesystem::path(HEAPWATCH_SOURCE_DIR) / relative;
}

std::filesystem::path InBuild(const std::filesystem::path& relative) {
  return std::filesystem::path(HEAPWATCH_BINARY_DIR) / relative;
}

}  // namespace heapwatch
