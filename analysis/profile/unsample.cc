#include "analysis/profile/unsample.h"

#include <cmath>
#include <limits>

namespace heapwatch {
namespace {

std::int64_t Truncate(double value) {
  constexpr double kMax = 9.2e18;  // just below what an int64 holds
  if (value >= kMax) return std::numeric_limits<std::int64_t>::max();
  if (value <= -kMax) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

}  // namespace

Recorded Unsample(Recorded recorded, std::int64_t period_bytes) {
  if (recorded.count == 0 || recorded.bytes == 0) return {};
  if (period_bytes <= 1) return recorded;
  const auto count = static_cast<double>(recorded.count);
  const auto bytes = static_cast<double>(recorded.bytes);
  // Frees counted before their allocations can leave a count and bytes of opposite signs: no size
  // follows from those.
  if (bytes / count <= 0) return recorded;
  const double scale = 1 / -std::expm1(-(bytes / count) / static_cast<double>(period_bytes));
  return {.count = Truncate(count * scale), .bytes = Truncate(bytes * scale)};
}

}  // namespace heapwatch
