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
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address rounded to pages is the call's own way.
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

namespace {

constexpr std::size_t kLeastLargeBytes = 4 * kLargePageBytes;

std::size_t InWholePages(std::size_t bytes) {
  return (bytes + kLargePageBytes - 1) / kLargePageBytes * kLargePageBytes;
}

}  // namespace

void* AllocateLarge(std::size_t size_bytes) {
  if (size_bytes < kLeastLargeBytes) return ::operator new(size_bytes);
  // Only the system aligns as its pages are: what is too much at both ends is given back.
  const std::size_t size = InWholePages(size_bytes);
  const std::size_t mapped = size + kLargePageBytes;
  void* const memory =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<char*>(memory);
  const std::size_t before = InWholePages(reinterpret_cast<std::uintptr_t>(begin)) -
                             reinterpret_cast<std::uintptr_t>(begin);
  if (before > 0) munmap(begin, before);
  if (before < kLargePageBytes) munmap(begin + before + size, kLargePageBytes - before);
  madvise(begin + before, size, MADV_HUGEPAGE);
  return begin + before;
}

void FreeLarge(void* memory, std::size_t size_bytes) {
  if (size_bytes < kLeastLargeBytes) return ::operator delete(memory);
  munmap(memory, InWholePages(size_bytes));
}

}  // namespace heapwatch
