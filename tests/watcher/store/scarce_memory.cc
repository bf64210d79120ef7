#include "tests/watcher/store/scarce_memory.h"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t most_bytes_now = SIZE_MAX;

}  // namespace

namespace heapwatch {

ScarceMemory::ScarceMemory(std::size_t most_bytes) { most_bytes_now = most_bytes; }
ScarceMemory::~ScarceMemory() { most_bytes_now = SIZE_MAX; }

}  // namespace heapwatch

void* operator new(std::size_t bytes) {
  void* const memory = bytes > most_bytes_now ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
