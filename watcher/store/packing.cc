#include "watcher/store/packing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/series/block_codec.h"
#include "watcher/store/history.h"
#include "watcher/store/history_units.h"
#include "watcher/store/joining.h"
#include "watcher/store/target_entries.h"

namespace heapwatch {
namespace {

struct Stretch {
  Time first;
  std::size_t snapshots;
};

// The chain that ends at or before `last`; nothing where there is none, or a late snapshot's row.
Result<std::optional<Stretch>> FindChain(RocksDb& db, TargetId target, Time last, Time rows_from) {
  const TargetEntries rows(db, Family::kRows, target, nullptr, rows_from);
  rows->SeekForPrev(RowKey(target, last));
  if (!rows->status().ok()) return Fail(db.ErrorOf(rows->status(), "reading"));
  if (!rows->Valid()) return std::nullopt;
  const auto preamble = ReadPreamble(rows->value().ToStringView());
  if (!preamble) return Fail(preamble.error());
  if (preamble->kind == RowKind::kAside) return std::nullopt;
  const Time time = TimeOfRowKey(rows->key().ToStringView());
  return Stretch{time - preamble->since_chain_start, preamble->number + 1};
}

// The chain with the short blocks right before it.
Stretch WithShortBlocks(RocksDb& db, TargetId target, const Stretch& chain,
                        std::size_t snapshots_per_block) {
  Stretch all = chain;
  BlockScan blocks(db, nullptr, target);
  while (all.snapshots < snapshots_per_block) {
    const auto block = blocks.SeekBefore(all.first - Duration(1));
    if (!block || !*block || (*block)->first >= all.first) break;
    const BlockHeader& header = (*block)->header;
    const std::size_t snapshots = all.snapshots + header.frame.times.size();
    const std::size_t columns = header.frame.column_count() * header.series_count();
    if (!header.is_short || snapshots * columns > kMostValues) break;
    all = {(*block)->first, snapshots};
  }
  return all;
}

// A block into the batch.
void PutBlock(RocksDb& db, TargetId target, const JoinedBlock& block, Batch& batch) {
  batch.Put(db.family(Family::kHeaders), RowKey(target, block.first), block.packed.header);
  rocksdb::ColumnFamilyHandle* const family = db.family(Family::kBlocks);
  batch.Put(family, BlockKey(target, block.first, kSeriesPart), block.packed.series);
  for (std::size_t i = 0; i < block.packed.chunks.size(); ++i) {
    batch.Put(family, BlockKey(target, block.first, PartOfChunk(i)), block.packed.chunks[i]);
  }
}

// What replaces the units, which are all in their time, by blocks.
Result<Batch> RepackAll(RocksDb& db, TargetId target, const std::vector<HistoryUnit>& units,
                        Time rows_from, bool is_short) {
  std::size_t snapshots = 0;
  for (const HistoryUnit& unit : units) snapshots += unit.snapshots;
  Batch batch;
  const std::vector<bool> all(snapshots, true);
  auto packed = Repack(db, target, units, all, rows_from, is_short, batch);
  if (!packed) return Fail(packed.error());
  return batch;
}

// What replaces all from `first` on by blocks.
Result<Batch> RepackFrom(RocksDb& db, TargetId target, Time first, Time last, Time rows_from,
                         bool is_short) {
  const auto units = UnitsBetween(db, target, first, last + Duration(1), rows_from);
  if (!units) return Fail(units.error());
  return RepackAll(db, target, *units, rows_from, is_short);
}

// Units that are to become one block, in the order in which they begin.
struct Lot {
  std::vector<HistoryUnit> units;
  Time last{};
  std::size_t snapshots = 0;
  std::size_t columns = 0;
  bool is_open = true;  // no long block is among them

  bool Overlaps(const HistoryUnit& unit) const { return !units.empty() && unit.first <= last; }
  bool Takes(const HistoryUnit& unit, std::size_t snapshots_per_block) const {
    if (units.empty()) return true;
    return is_open && IsOpen(unit) && snapshots < snapshots_per_block &&
           unit.first - last <= kLongestHole &&
           (snapshots + unit.snapshots) * std::max(columns, unit.columns) <= kMostValues;
  }
  void Add(const HistoryUnit& unit) {
    last = units.empty() ? unit.last : std::max(last, unit.last);
    snapshots += unit.snapshots;
    columns = std::max(columns, unit.columns);
    is_open = is_open && IsOpen(unit);
    units.push_back(unit);
  }
  bool IsWorthPacking() const {
    return units.size() > 1 || (!units.empty() && units.front().row_bytes > 0);
  }

 private:
  static bool IsOpen(const HistoryUnit& unit) { return unit.row_bytes > 0 || unit.is_short_block; }
};

}  // namespace

Result<void> Repack(RocksDb& db, TargetId target, const std::vector<HistoryUnit>& units,
                    const std::vector<bool>& is_kept, Time rows_from, bool is_short, Batch& batch) {
  for (const HistoryUnit& unit : units) DeleteUnit(db, unit, batch);
  std::size_t read = 0;
  for (const TimeSpan& span : SpansToRead(units)) {
    const auto history = History::Read(db, nullptr, target, span.first, span.last, rows_from);
    if (!history) return Fail(history.error());
    const std::size_t before = read;
    read += history->snapshot_count();
    if (read > is_kept.size()) break;
    const auto begin = is_kept.begin();
    const auto blocks = Join(
        *history,
        {begin + static_cast<std::ptrdiff_t>(before), begin + static_cast<std::ptrdiff_t>(read)},
        is_short);
    if (!blocks) return Fail(blocks.error());
    for (const JoinedBlock& block : *blocks) PutBlock(db, target, block, batch);
  }
  if (read == is_kept.size()) return {};
  return Fail(ErrorCode::kCorrupt, "what is to be packed tells " + std::to_string(read) +
                                       " of its " + std::to_string(is_kept.size()) + " snapshots");
}

Result<void> PackChain(RocksDb& db, TargetId target, Time last, const PackingOptions& options) {
  const auto chain = FindChain(db, target, last, options.rows_from);
  if (!chain) return Fail(chain.error());
  if (!*chain) return {};
  const std::size_t full = options.snapshots_per_block;
  const Stretch all = WithShortBlocks(db, target, **chain, full);
  const Stretch joined = all.snapshots >= full ? all : **chain;
  auto batch =
      RepackFrom(db, target, joined.first, last, options.rows_from, joined.snapshots < full);
  // Damage in a short block is no reason to leave the rows as they are.
  if (!batch) batch = RepackFrom(db, target, (*chain)->first, last, options.rows_from, true);
  if (!batch) return Fail(batch.error());
  return db.Write(*batch, false);
}

Result<void> PackRows(RocksDb& db, TargetId target, const PackingOptions& options) {
  const auto units = UnitsBetween(db, target, Time::min(), Time::max(), options.rows_from);
  if (!units) return Fail(units.error());
  Result<void> all_packed;
  Lot lot;
  const auto pack_lot = [&] {
    const Lot packed = std::exchange(lot, Lot());
    if (!packed.IsWorthPacking()) return;
    const bool is_short = packed.snapshots < options.snapshots_per_block;
    auto batch = RepackAll(db, target, packed.units, options.rows_from, is_short);
    const auto written = batch ? db.Write(*batch, false) : Fail(batch.error());
    if (!written && all_packed) all_packed = written;
  };
  for (const HistoryUnit& unit : *units) {
    // What lies within the time of another unit stays with it.
    if (!lot.Overlaps(unit) && !lot.Takes(unit, options.snapshots_per_block)) pack_lot();
    if (db.has_failed()) return all_packed;
    lot.Add(unit);
  }
  pack_lot();
  return all_packed;
}

}  // namespace heapwatch
