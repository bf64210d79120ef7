// Finds the number of a series in a list of them, at four to eight bytes for each: there is one for
// every target that is watched. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analysis/series/series_key.h"

namespace heapwatch {

class SeriesIndex {
 public:
  // `series` is the list, of which all numbers below `count` have been added.
  std::optional<std::uint32_t> Find(std::span<const SeriesKey> series, const SeriesKey& key) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t at = SlotOf(key); slots_[at] != kEmpty; at = (at + 1) & (slots_.size() - 1)) {
      if (series[slots_[at]] == key) return slots_[at];
    }
    return std::nullopt;
  }
  // The last one of the list, which is not in it yet.
  void AddLast(std::span<const SeriesKey> series) {
    if (series.size() * 2 > slots_.size()) {
      slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 2, kEmpty);
      for (std::uint32_t number = 0; number < series.size(); ++number) Put(series, number);
    } else {
      Put(series, static_cast<std::uint32_t>(series.size() - 1));
    }
  }
  void Clear() { slots_.clear(); }
  std::size_t size_bytes() const { return slots_.size() * sizeof(slots_[0]); }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;
  static constexpr std::size_t kFirstSlots = 64;

  std::size_t SlotOf(const SeriesKey& key) const {
    return std::hash<SeriesKey>()(key) & (slots_.size() - 1);
  }
  void Put(std::span<const SeriesKey> series, std::uint32_t number) {
    std::size_t at = SlotOf(series[number]);
    while (slots_[at] != kEmpty) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number;
  }

  std::vector<std::uint32_t> slots_;  // open addressing; a power of two, at most half of it full
};

}  // namespace heapwatch
