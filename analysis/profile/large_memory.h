// For the few tables of a very large profile: pages of 2 MiB, where the system has them to give.
//
// Fresh memory is handed out a page at a time, and 4 KiB a time that costs more than to fill it.
#pragma once

#include <cstddef>
#include <vector>

namespace heapwatch {

inline constexpr std::size_t kLargePageBytes = 2U << 20;

// Advice only, and none for less than some such pages. Of memory that nobody has written to yet.
void PreferLargePages(const void* begin, std::size_t size_bytes);

// Reserves, and prefers large pages for what was reserved.
template <class T>
void ReserveLarge(std::vector<T>& vector, std::size_t size) {
  if (size <= vector.capacity()) return;
  vector.reserve(size);
  PreferLargePages(vector.data(), size * sizeof(T));
}

}  // namespace heapwatch
