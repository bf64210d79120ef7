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

// What replaces all from `first` on by blocks.
Result<rocksdb::WriteBatch> Repack(RocksDb& db, TargetId target, Time first, Time last,
                                   Time rows_from, bool is_short) {
  const auto units = UnitsBetween(db, target, first, last + Duration(1), rows_from);
  if (!units) return Fail(units.error());
  const auto history = History::Read(db, nullptr, target, first, last, rows_from);
  if (!history) return Fail(history.error());
  std::size_t snapshots = 0;
  for (const HistoryUnit& unit : *units) snapshots += unit.snapshots;
  if (history->snapshot_count() != snapshots) {
    return Fail(ErrorCode::kCorrupt, "what is to be packed tells " +
                                         std::to_string(history->snapshot_count()) + " of its " +
                                         std::to_string(snapshots) + " snapshots");
  }
  const auto blocks = Join(*history, std::vector<bool>(history->snapshot_count(), true), is_short);
  if (!blocks) return Fail(blocks.error());
  rocksdb::WriteBatch batch;
  for (const HistoryUnit& unit : *units) DeleteUnit(db, unit, batch);
  for (const JoinedBlock& block : *blocks) PutBlock(db, target, block, batch);
  return batch;
}

}  // namespace

void PutBlock(RocksDb& db, TargetId target, const JoinedBlock& block, rocksdb::WriteBatch& batch) {
  batch.Put(db.family(Family::kHeaders), RowKey(target, block.first), block.packed.header);
  rocksdb::ColumnFamilyHandle* const family = db.family(Family::kBlocks);
  batch.Put(family, BlockKey(target, block.first, kSeriesPart), block.packed.series);
  for (std::size_t i = 0; i < block.packed.chunks.size(); ++i) {
    batch.Put(family, BlockKey(target, block.first, PartOfChunk(i)), block.packed.chunks[i]);
  }
}

Result<void> PackChain(RocksDb& db, TargetId target, Time last, const PackingOptions& options) {
  const auto chain = FindChain(db, target, last, options.rows_from);
  if (!chain) return Fail(chain.error());
  if (!*chain) return {};
  const std::size_t full = options.snapshots_per_block;
  const Stretch all = WithShortBlocks(db, target, **chain, full);
  const Stretch joined = all.snapshots >= full || options.joins_all ? all : **chain;
  auto batch = Repack(db, target, joined.first, last, options.rows_from, joined.snapshots < full);
  // Damage in a short block is no reason to leave the rows as they are.
  if (!batch) batch = Repack(db, target, (*chain)->first, last, options.rows_from, true);
  if (!batch) return Fail(batch.error());
  return db.Write(*batch, false);
}

}  // namespace heapwatch
