// Want of memory, as where the process may have no more: the allocator of this test refuses a
// thread what is too large.
#pragma once

#include <cstddef>

namespace heapwatch {

// While one lives, nothing of more bytes can be had on its thread: std::bad_alloc.
class ScarceMemory {
 public:
  explicit ScarceMemory(std::size_t most_bytes);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;
};

}  // namespace heapwatch
