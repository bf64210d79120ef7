#include "analysis/profile/heap_profile.h"

namespace heapwatch {
namespace {

struct Alias {
  Quantity quantity;
  std::string_view type;
  std::string_view unit;
};

// Go, jemalloc_pprof and Datadog say "inuse_space"; tcmalloc and pprof-nodejs, which know live
// memory only, say "space".
constexpr std::array kAliases = {
    Alias{Quantity::kInuseSpace, "inuse_space", "bytes"},
    Alias{Quantity::kInuseSpace, "space", "bytes"},
    Alias{Quantity::kInuseObjects, "inuse_objects", "count"},
    Alias{Quantity::kInuseObjects, "objects", "count"},
    Alias{Quantity::kAllocSpace, "alloc_space", "bytes"},
    Alias{Quantity::kAllocObjects, "alloc_objects", "count"},
};

}  // namespace

std::string_view ToString(Quantity quantity) {
  switch (quantity) {
    case Quantity::kInuseSpace:
      return "inuse_space";
    case Quantity::kInuseObjects:
      return "inuse_objects";
    case Quantity::kAllocSpace:
      return "alloc_space";
    case Quantity::kAllocObjects:
      return "alloc_objects";
  }
  return "unknown";
}

std::optional<Quantity> QuantityFromString(std::string_view name) {
  for (const Quantity quantity : kQuantities) {
    if (ToString(quantity) == name) return quantity;
  }
  return std::nullopt;
}

std::uint64_t HeapProfile::offset_of(const Location& location) const {
  if (!location.mapping) return location.address;
  const Mapping& mapping = mappings[location.mapping->index()];
  return location.address + mapping.file_offset - mapping.start;
}

std::optional<std::size_t> HeapProfile::column(Quantity quantity) const {
  for (const Alias& alias : kAliases) {
    if (alias.quantity != quantity) continue;
    for (std::size_t i = 0; i < sample_types.size(); ++i) {
      if (sample_types[i].type == alias.type && sample_types[i].unit == alias.unit) return i;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> HeapProfile::total(Quantity quantity) const {
  const std::optional<std::size_t> chosen = column(quantity);
  if (!chosen) return std::nullopt;
  // Unsigned, since sums of what a peer sent may overflow.
  std::uint64_t sum = 0;
  for (std::size_t i = *chosen; i < values.size(); i += sample_types.size()) {
    sum += static_cast<std::uint64_t>(values[i]);
  }
  return static_cast<std::int64_t>(sum);
}

}  // namespace heapwatch
