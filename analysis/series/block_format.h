// What the writer and the reader of blocks have in common. watcher/store/FORMAT.md describes the
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analysis/base/strong_id.h"

namespace heapwatch {

inline constexpr std::uint8_t kBlockFormat = 4;
inline constexpr std::uint8_t kIsShortBlock = 1;
// Resident memory that is not told at a snapshot, among others where it is.
inline constexpr std::int64_t kUntoldResident = -1;

// How a unit of a series is told.
enum class UnitCoding : std::uint8_t {
  kColumns = 0,       // each column by its steps
  kCounts = 1,        // sampled objects of the series' block size
  kCountsOfSize = 2,  // sampled objects of a size told here, where the profile told none
};

// Names a list of series.
ContentHash HashOfSeriesList(std::string_view bytes);

}  // namespace heapwatch
