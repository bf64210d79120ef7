#include "analysis/profile/large_memory.h"

#include <sys/mman.h>

#include <cstdint>

namespace heapwatch {

void PreferLargePages(const void* begin, std::size_t size_bytes) {
  constexpr std::size_t kFewest = 4;
  if (size_bytes < kFewest * kLargePageBytes) return;
  const auto from =
      (reinterpret_cast<std::uintptr_t>(begin) + kLargePageBytes - 1) / kLargePageBytes;
  const auto to = (reinterpret_cast<std::uintptr_t>(begin) + size_bytes) / kLargePageBytes;
  madvise(reinterpret_cast<void*>(from * kLargePageBytes), (to - from) * kLargePageBytes,
          MADV_HUGEPAGE);
}

}  // namespace heapwatch
