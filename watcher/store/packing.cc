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
void PutBlock(RocksDb& db, TargetId target, const JoinedBlock& block, rocksdb::WriteBatch& batch) {
  batch.Put(db.family(Family::kHeaders), RowKey(target, block.first), block.packed.header);
  rocksdb::ColumnFamilyHandle* const family = db.family(Family::kBlocks);
  batch.Put(family, BlockKey(target, block.first, kSeriesPart), block.packed.series);
  for (std::size_t i = 0; i < block.packed.chunks.size(); ++i) {
    batch.Put(family, BlockKey(target, block.first, PartOfChunk(i)), block.packed.chunks[i]);
  }
}

// What replaces all from `first` on by blocks.
Result<rocksdb::WriteBatch> RepackFrom(RocksDb& db, TargetId target, Time first, Time last,
                                       Time rows_from, bool is_short) {
  const auto units = UnitsBetween(db, target, first, last + Duration(1), rows_from);
  if (!units) return Fail(units.error());
  std::size_t snapshots = 0;
  for (const HistoryUnit& unit : *units) snapshots += unit.snapshots;
  rocksdb::WriteBatch batch;
  const std::vector<bool> all(snapshots, true);
  auto packed = Repack(db, target, *units, all, rows_from, is_short, batch);
  if (!packed) return Fail(packed.error());
  return batch;
}

}  // namespace

Result<void> Repack(RocksDb& db, TargetId target, const std::vector<HistoryUnit>& units,
                    const std::vector<bool>& is_kept, Time rows_from, bool is_short,
                    rocksdb::WriteBatch& batch) {
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
  const Stretch joined = all.snapshots >= full || options.joins_all ? all : **chain;
  auto batch =
      RepackFrom(db, target, joined.first, last, options.rows_from, joined.snapshots < full);
  // Damage in a short block is no reason to leave the rows as they are.
  if (!batch) batch = RepackFrom(db, target, (*chain)->first, last, options.rows_from, true);
  if (!batch) return Fail(batch.error());
  return db.Write(*batch, false);
}

}  // namespace heapwatch
