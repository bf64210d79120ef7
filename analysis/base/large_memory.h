// For tables of many megabytes: pages of 2 MiB, where the system has them to give.
//
// Fresh memory is handed out a page at a time, and 4 KiB a time that costs more than to fill it;
// tables that are looked up here and there wait for the addresses of their pages, too.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace heapwatch {

inline constexpr std::size_t kLargePageBytes = 2U << 20;

// Advice only. For memory that nobody has written to yet.
void PreferLargePages(const void* begin, std::size_t size_bytes);

// Reserves, and prefers large pages where that is `least_bytes` or more: the last page of a table
// may be hardly used.
template <class T>
void ReserveLarge(std::vector<T>& vector, std::size_t size, std::size_t least_bytes) {
  if (size <= vector.capacity()) return;
  vector.reserve(size);
  if (size * sizeof(T) >= least_bytes) PreferLargePages(vector.data(), size * sizeof(T));
}

// Whole large pages, where it is four of them or more; else as operator new. Throws bad_alloc.
void* AllocateLarge(std::size_t size_bytes);
void FreeLarge(void* memory, std::size_t size_bytes);

// A vector on whole large pages, once it is large.
template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>& /*other*/) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t size) { return static_cast<T*>(AllocateLarge(size * sizeof(T))); }
  void deallocate(T* memory, std::size_t size) { FreeLarge(memory, size * sizeof(T)); }
  bool operator==(const LargeAllocator& /*other*/) const { return true; }
};
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace heapwatch
