// The pieces of which one target's history is made on disk, each of which can go without the
// others: a block, a chain of rows, or a late snapshot's row. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "analysis/base/error.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

struct HistoryUnit {
  Time first{};
  Time last{};
  std::size_t snapshots = 0;
  std::size_t row_bytes = 0;    // 0: a block
  bool is_short_block = false;  // see FORMAT.md
  std::size_t columns = 0;      // of a block: values of each snapshot
  std::vector<std::pair<Family, std::string>> keys;
};

// Those that begin at or after `from` and before `end`, in the order in which they begin. No row is
// of a moment before `rows_from`.
Result<std::vector<HistoryUnit>> UnitsBetween(RocksDb& db, TargetId target, Time from, Time end,
                                              Time rows_from = Time::min());

struct TimeSpan {
  Time first{};
  Time last{};
};
// The time of the units, which are in the order in which they begin, in as many parts as it takes
// so that each can be read within bounded memory: a late snapshot's row takes by far more than its
// share of a chain or a block.
std::vector<TimeSpan> SpansToRead(const std::vector<HistoryUnit>& units);

void DeleteUnit(RocksDb& db, const HistoryUnit& unit, Batch& batch);

}  // namespace heapwatch
