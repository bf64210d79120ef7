// How the units of one series (value_coding.h) go over some snapshots, as blocks tell them: by the
// counts of sampled objects where these give back all values exactly, otherwise by the values. What
// is put together from blocks and rows goes from one to the other like this, and no value need be
// worked out. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/series/value_coding.h"

namespace heapwatch {

struct UnitColumns {
  std::optional<BlockSize> counted;  // of what size; nothing where the values are told
  std::vector<std::int64_t> first;   // the counts, or the values of the unit's column
  std::vector<std::int64_t> bytes;  // the values of its bytes column, where it has one, not counted

  bool has_any() const;
  // The values instead of counts.
  void TellValues();
};

// One for each unit of a series.
using SeriesColumns = std::vector<UnitColumns>;

// A table whose series can be asked for in any order. One thread.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  // False where what is stored makes no sense.
  virtual bool Read(std::size_t series, SeriesColumns& columns) const = 0;
};

}  // namespace heapwatch
