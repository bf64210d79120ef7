// The short name of a target: a target is its label set, and the id is that set's hash, the same on
// every machine and in every version that reads the store. As text, 16 hex digits.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"

namespace heapwatch {

struct TargetId {
  std::uint64_t value = 0;

  static TargetId Of(const Labels& labels);
  static Result<TargetId> Parse(std::string_view hex);
  std::string ToString() const;

  auto operator<=>(const TargetId&) const = default;
};

}  // namespace heapwatch

template <>
struct std::hash<heapwatch::TargetId> {
  std::size_t operator()(heapwatch::TargetId id) const noexcept { return id.value; }
};
