#include "watcher/net/version.h"

namespace heapwatch {

std::string_view Version() { return HEAPWATCH_VERSION; }

std::string_view Compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace heapwatch
