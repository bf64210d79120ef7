#include "analysis/series/unit_columns.h"

#include <algorithm>

namespace heapwatch {

bool UnitColumns::has_any() const {
  const auto is_any = [](std::int64_t value) { return value != 0; };
  return std::any_of(first.begin(), first.end(), is_any) ||
         std::any_of(bytes.begin(), bytes.end(), is_any);
}

void UnitColumns::TellValues() {
  if (!counted) return;
  bytes.resize(first.size());
  for (std::size_t t = 0; t < first.size(); ++t) {
    const ObjectsAndBytes told = FromSampledCount(first[t], *counted);
    first[t] = told.objects;
    bytes[t] = told.bytes;
  }
  counted.reset();
}

}  // namespace heapwatch
