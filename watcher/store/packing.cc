#include "watcher/store/packing.h"

#include <utility>

#include "analysis/series/block_codec.h"
#include "watcher/store/row_scan.h"

namespace heapwatch {

void PutBlock(RocksDb& db, TargetId target, const Segment& segment, rocksdb::WriteBatch& batch) {
  const PackedBlock block = PackBlock(segment);
  const Time first = segment.frame.times.front();
  rocksdb::ColumnFamilyHandle* const family = db.family(Family::kBlocks);
  batch.Put(family, BlockKey(target, first, 0), block.header);
  for (std::size_t i = 0; i < block.chunks.size(); ++i) {
    batch.Put(family, BlockKey(target, first, static_cast<std::uint32_t>(i + 1)), block.chunks[i]);
  }
}

Result<void> PackChain(RocksDb& db, TargetId target, Time last) {
  RowScan scan(db, nullptr, target, last);
  auto at = scan.SeekToLast();
  if (!at) return Fail(at.error());
  if (!*at || scan.is_aside()) return {};
  const Time start = scan.chain_start();
  rocksdb::WriteBatch batch;
  SegmentBuilder builder;
  for (at = scan.Seek(start); at && *at; at = scan.Next()) {
    if (scan.is_aside()) continue;
    builder.Add(scan.time(), scan.chain());
    batch.Delete(db.family(Family::kRows), RowKey(target, scan.time()));
  }
  if (!at) return Fail(at.error());
  PutBlock(db, target, std::move(builder).Finish().ToSegment(), batch);
  return db.Write(batch, false);
}

}  // namespace heapwatch
