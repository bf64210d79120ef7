// How the values of one series go from one moment to the next in few bytes, exactly.
//
// A profiler that samples sees a small number n of objects of one size and tells two large numbers
// made from it. Go tells objects = trunc(n * scale) and bytes = trunc(n * block_bytes * scale) with
// scale = 1 / (1 - exp(-block_bytes / R)) (Go, runtime/pprof/protomem.go). Where that holds for
// what was handed in, n is what is kept; where it does not, the two numbers are. Either way the
// same values come out again, bit for bit: the scale is stored with the block size, never computed
// twice, and what is left is one multiplication and a truncation.
//
// Example, R = 512 KiB, blocks of 64 bytes, scale 8192.5: n = 3 tells 24577 objects of 1572960
// bytes; one object more tells 32770 and 2097280. The change of both numbers is the single byte
// zigzag(+1).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/series/byte_io.h"

namespace heapwatch {

// Blocks of one size in one chain of rows.
struct BlockSize {
  std::int64_t block_bytes = 0;
  double scale = 1;
  bool operator==(const BlockSize&) const = default;
};

// Sums and differences of values wrap around, so that any two values have a difference and no input
// is undefined.
constexpr std::int64_t WrappingSum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
constexpr std::int64_t WrappingDifference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// The scale of this size at a sampling period of R bytes. 1 where every allocation is recorded or R
// is not known.
BlockSize BlockSizeAt(std::int64_t block_bytes, std::optional<std::int64_t> sampling_period_bytes);

// The columns that are coded together: a count and the bytes of the same objects, or one column
// alone.
struct ValueUnit {
  std::size_t column = 0;
  std::optional<std::size_t> bytes_column;
};

// "x_objects" goes with "x_space", "objects" with "space"; every other column stands alone.
std::vector<ValueUnit> UnitsOf(std::span<const SampleType> types);

// Counts and totals below 2^52 only, where doubles are exact and nothing overflows.
inline constexpr double kMaxExact = 4503599627370496.0;

// Whether FromSampledCount may be asked.
inline bool IsCountInRange(std::int64_t count, const BlockSize& size) {
  if (count == 0) return true;
  const double bytes =
      static_cast<double>(count) * static_cast<double>(size.block_bytes) * size.scale;
  return size.block_bytes > 0 && size.scale >= 1 && bytes < kMaxExact && bytes > -kMaxExact;
}
// To check many counts of one size: no count in range is beyond it, of either sign, and up to it
// FromSampledCount may be asked.
inline std::int64_t CountBound(const BlockSize& size) {
  if (size.block_bytes <= 0 || !(size.scale >= 1)) return 0;
  return static_cast<std::int64_t>(2 * kMaxExact /
                                   (static_cast<double>(size.block_bytes) * size.scale));
}

struct ObjectsAndBytes {
  std::int64_t objects;
  std::int64_t bytes;
};
// Of a size that has a scale: CountBound is not 0, or it is BlockSize().
inline ObjectsAndBytes FromCountInBound(std::int64_t count, const BlockSize& size) {
  return {static_cast<std::int64_t>(static_cast<double>(count) * size.scale),
          static_cast<std::int64_t>(static_cast<double>(count * size.block_bytes) * size.scale)};
}
// Of any size.
inline ObjectsAndBytes FromSampledCount(std::int64_t count, const BlockSize& size) {
  if (count == 0) return {0, 0};
  return FromCountInBound(count, size);
}

// The number of sampled objects two values come from; nullopt where no number gives exactly these.
std::optional<std::int64_t> SampledCount(std::int64_t objects, std::int64_t bytes,
                                         const BlockSize& size);

// How a unit changed, in two bits.
enum class UnitChange : std::uint8_t { kNone = 0, kCount = 1, kValues = 2 };

// SampledCount of a unit's values as they stand, remembered from one step to the next.
struct UnitState {
  std::int64_t count = 0;
  bool is_counted = true;
};

// Decides how to tell the step from `before` to `now` (values of one series) and writes it, if
// there is one.
UnitChange WriteUnit(const ValueUnit& unit, const BlockSize& size,
                     std::span<const std::int64_t> before, std::span<const std::int64_t> now,
                     UnitState& state, ByteWriter& out);
// Takes `values` from before to now. False where the step makes no sense.
bool ReadUnit(UnitChange change, const ValueUnit& unit, const BlockSize& size,
              std::span<std::int64_t> values, UnitState& state, ByteReader& in);
// Passes over a step that nobody wants.
bool SkipUnit(UnitChange change, const ValueUnit& unit, ByteReader& in);

}  // namespace heapwatch
