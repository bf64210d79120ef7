// Finds the number of a series in a list of them. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analysis/series/series_key.h"

namespace heapwatch {

// At four to eight bytes for each series: there is one of these for every target that is watched.
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

// Numbers series in the order they are first met. Of lists that are much the same, as those of one
// target's blocks are, hardly any series is looked up: mostly the one that follows the one before
// is meant.
class SeriesNumbers {
 public:
  std::uint32_t NumberOf(const SeriesKey& key) {
    if (next_ >= series_.size() || series_[next_] != key) {
      const auto known = index_.Find(series_, key);
      next_ = known.value_or(static_cast<std::uint32_t>(series_.size()));
      if (!known) {
        series_.push_back(key);
        index_.AddLast(series_);
      }
    }
    return next_++;
  }
  // To be called where a list begins.
  void StartOver() { next_ = 0; }

  const std::vector<SeriesKey>& series() const { return series_; }

 private:
  std::vector<SeriesKey> series_;
  SeriesIndex index_;
  std::uint32_t next_ = 0;
};

}  // namespace heapwatch
