#include "watcher/store/ageing.h"

#include <algorithm>

#include "watcher/store/history_units.h"

namespace heapwatch {
namespace {

std::optional<Time> FirstFrom(RocksDb& db, Family family, TargetId target, Time from) {
  const std::unique_ptr<rocksdb::Iterator> it(
      db.db().NewIterator(rocksdb::ReadOptions(), db.family(family)));
  it->Seek(RowKey(target, from));
  if (!it->Valid() || !it->key().starts_with(TargetPrefix(target))) return std::nullopt;
  return TimeOfRowKey(it->key().ToString());
}

}  // namespace

Result<LeftOver> DropUnits(RocksDb& db, TargetId target, Time oldest,
                           const std::vector<PinnedSpan>& pinned, rocksdb::WriteBatch& batch) {
  LeftOver left;
  const auto units = UnitsBefore(db, target, oldest);
  if (!units) return Fail(units.error());
  for (const HistoryUnit& unit : *units) {
    if (unit.last >= oldest || IsPinned(pinned, unit.first, unit.last)) {
      left.first = std::min(left.first.value_or(unit.first), unit.first);
      left.last = std::max(left.last.value_or(unit.last), unit.last);
      continue;
    }
    left.dropped += unit.snapshots;
    for (const std::string& key : unit.keys) batch.Delete(db.family(unit.family), key);
  }
  for (const Family family : {Family::kRows, Family::kBlocks}) {
    const auto first = FirstFrom(db, family, target, oldest);
    if (!first) continue;
    left.first = std::min(left.first.value_or(*first), *first);
    left.last.reset();
  }
  return left;
}

}  // namespace heapwatch
