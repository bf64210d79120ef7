#include "analysis/base/large_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace heapwatch {

void PreferLargePages(const void* begin, std::size_t size_bytes) {
  // In whole small pages: neighbours in memory then share the large pages between them.
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t from = (address + page - 1) / page * page;
  const std::uintptr_t to = (address + size_bytes) / page * page;
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

}  // namespace heapwatch
