// What one series of numbers belongs to: a stack and the size of the blocks it allocated.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/base/strong_id.h"

namespace heapwatch {

struct SeriesKey {
  ContentHash stack;
  std::int64_t block_bytes = 0;  // 0: unknown
  constexpr auto operator<=>(const SeriesKey&) const = default;
};

// Which series of a table or chain are meant: their numbers, rising.
using SeriesList = std::vector<std::uint32_t>;

}  // namespace heapwatch

template <>
struct std::hash<heapwatch::SeriesKey> {
  std::size_t operator()(const heapwatch::SeriesKey& key) const noexcept {
    // The stack's hash is well spread already; the size is multiplied over all bits (golden ratio,
    // Knuth 6.4).
    return key.stack.low ^ (static_cast<std::uint64_t>(key.block_bytes) * 0x9E3779B97F4A7C15U);
  }
};
