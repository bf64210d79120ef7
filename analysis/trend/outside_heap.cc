#include "analysis/trend/outside_heap.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

constexpr double kMaterialShare = 0.1;
constexpr double kMostBytes = 9e18;  // just below what an integer holds

std::vector<std::int64_t> LiveHeap(const SiteWindow& heap) {
  std::vector<std::int64_t> live(heap.observations.size());
  if (!heap.has[static_cast<std::size_t>(Quantity::kInuseSpace)]) return live;
  for (std::size_t row = 0; row < heap.rows.size(); ++row) {
    const auto series = heap.series(Quantity::kInuseSpace, row);
    for (std::size_t t = 0; t < live.size(); ++t) live[t] = WrappingSum(live[t], series[t]);
  }
  return live;
}

// What a heap that has grown so far may take of the process' memory more than at its first
// snapshot, at each observation.
std::vector<std::int64_t> Explained(const SiteWindow& heap, double gogc) {
  const std::vector<std::int64_t> live = LiveHeap(heap);
  std::vector<std::int64_t> explained(live.size());
  std::int64_t first = 0;
  std::int64_t most = 0;
  for (std::size_t t = 0; t < live.size(); ++t) {
    if (t == 0 || heap.observations[t].lifetime != heap.observations[t - 1].lifetime)
      first = most = live[t];
    most = std::max(most, live[t]);
    const double bytes =
        (1 + gogc / 100) * (static_cast<double>(most) - static_cast<double>(first));
    explained[t] = std::llround(std::min(bytes, kMostBytes));
  }
  return explained;
}

}  // namespace

const Site& OutsideHeapSite() {
  static const Site site{.function = "[outside the heap]"};
  return site;
}

std::optional<SiteWindow> OutsideHeap(const SiteWindow& heap, const TrendOptions& options) {
  SiteWindow outside;
  std::vector<std::int64_t>& bytes =
      outside.matrix[static_cast<std::size_t>(Quantity::kInuseSpace)];
  const std::vector<std::int64_t> explained = Explained(heap, options.gogc);
  const auto rest_of = [&](std::int64_t memory_bytes, std::size_t t) {
    return memory_bytes > explained[t] ? memory_bytes - explained[t] : 0;
  };
  for (std::size_t t = 0; t < heap.observations.size(); ++t) {
    if (!heap.observations[t].resident_bytes) continue;
    outside.observations.push_back(heap.observations[t]);
    outside.observations.back().sampling_period_bytes = 1;
    // The heap may be as it was; the process was measured anew.
    outside.observations.back().is_new = true;
    bytes.push_back(rest_of(*heap.observations[t].resident_bytes, t));
    if (heap.limit_bytes) outside.limit_bytes = rest_of(*heap.limit_bytes, t);
  }
  if (bytes.empty()) return std::nullopt;
  if (outside.limit_bytes == 0) outside.limit_bytes.reset();
  outside.has[static_cast<std::size_t>(Quantity::kInuseSpace)] = true;
  outside.sites = {OutsideHeapSite()};
  outside.rows = {{SiteId(0U), 0}};
  outside.first_row = {0, 1};
  outside.version = heap.version;
  return outside;
}

TrendOptions OptionsOutsideHeap(const SiteWindow& outside, TrendOptions options) {
  const auto bytes = outside.series(Quantity::kInuseSpace, 0);
  options.min_growth_bytes =
      std::max(options.min_growth_bytes, kMaterialShare * static_cast<double>(bytes.front()));
  options.gogc = 0;
  return options;
}

std::string ExplainOutsideHeap(const std::string& reason) {
  return "the process' memory beyond what its heap explains " + reason +
         "; no heap profile shows where: think of thread stacks, mapped files, C libraries, "
         "fragmentation";
}

}  // namespace heapwatch
