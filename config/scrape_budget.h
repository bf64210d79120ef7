// How much scraping may cost: each target, and all together. Plain data.
#pragma once

#include <cstddef>

namespace heapwatch {

struct ScrapeBudgetConfig {
  // Of a target's time, the share it may be busy serving its profile; above zero, at most 1.
  double serving_share = 0.1;
  // As they come over the wire.
  std::size_t target_bytes_per_minute = 32U << 20;
  std::size_t total_bytes_per_minute = 1U << 30;
  // Of memory for all profiles that are being fetched and read, compressed and inflated; each has
  // its first MiB for free.
  std::size_t bytes_in_flight = 256U << 20;
  bool operator==(const ScrapeBudgetConfig&) const = default;
};

}  // namespace heapwatch
