// For tables of many megabytes: pages of 2 MiB, where the system has them to give.
//
// Fresh memory is handed out a page at a time, and 4 KiB a time that costs more than to fill it.
#pragma once

#include <cstddef>
#include <vector>

namespace heapwatch {

inline constexpr std::size_t kLargePageBytes = 2U << 20;

// Advice only. For memory that nobody has written to yet.
void PreferLargePages(const void* begin, std::size_t size_bytes);

// Reserves, and prefers large pages where that is `least_bytes` or more: the last page of a table
// may be hardly used.
template <class T>
void ReserveLarge(std::vector<T>& vector, std::size_t size,
                  std::size_t least_bytes = 4 * kLargePageBytes) {
  if (size <= vector.capacity()) return;
  vector.reserve(size);
  if (size * sizeof(T) >= least_bytes) PreferLargePages(vector.data(), size * sizeof(T));
}

}  // namespace heapwatch
