#include "analysis/trend/churn.h"

#include <algorithm>

namespace heapwatch {

std::optional<ChurnRate> RecentChurn(const Timeline& life, std::span<const double> inuse,
                                     std::span<const double> alloc, Duration stretch) {
  if (life.size() < 2) return std::nullopt;
  std::size_t first = life.index_at(life.seconds.back() - Seconds(stretch));
  if (first > 0) --first;
  const std::size_t last = life.size() - 1;
  ChurnRate rate;
  rate.seconds = life.seconds[last] - life.seconds[first];
  if (first >= last || rate.seconds <= 0) return std::nullopt;
  rate.alloc_bytes_per_second = (alloc[last] - alloc[first]) / rate.seconds;
  rate.least_alloc_bytes_per_second = rate.alloc_bytes_per_second;
  constexpr std::size_t kParts = 3;
  for (std::size_t part = 0; last - first >= kParts && part < kParts; ++part) {
    const std::size_t begin = first + (last - first) * part / kParts;
    const std::size_t end = first + (last - first) * (part + 1) / kParts;
    const double seconds = life.seconds[end] - life.seconds[begin];
    if (seconds > 0)
      rate.least_alloc_bytes_per_second =
          std::min(rate.least_alloc_bytes_per_second, (alloc[end] - alloc[begin]) / seconds);
  }
  for (std::size_t i = first; i <= last; ++i) rate.inuse_bytes += inuse[i];
  rate.inuse_bytes /= static_cast<double>(last - first + 1);
  return rate;
}

double InFlightBytes(const ChurnRate& rate) {
  constexpr double kInFlightSeconds = 1;
  return rate.alloc_bytes_per_second * kInFlightSeconds;
}

bool IsChurn(const ChurnRate& rate, const TrendOptions& options) {
  return rate.seconds >= 0.9 * Seconds(options.churn_for) &&
         rate.least_alloc_bytes_per_second >= options.churn_bytes_per_second &&
         rate.inuse_bytes <= rate.alloc_bytes_per_second * Seconds(options.churn_lifetime);
}

}  // namespace heapwatch
