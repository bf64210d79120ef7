// The stored snapshots of one target over a span of time, whether they lie in blocks or still in
// rows: parts, each a table of its own, and pieces, the stretches of the parts in the order of
// time. (A snapshot that arrived late may lie in the middle of a part.) One thread; reads from the
// database as it is asked.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/series/block_codec.h"
#include "analysis/series/rebuild.h"
#include "analysis/series/segment.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

// A block by its header.
struct StoredBlock {
  TargetId target;
  Time first{};
  BlockHeader header;
};

// The blocks of a target in time order.
class BlockScan {
 public:
  // `snapshot` and `db` must outlive the scan.
  BlockScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target);

  // The first block that is not over before `from`; the block that began last at or before `at`;
  // the next. nullopt: none.
  Result<std::optional<StoredBlock>> Seek(Time from);
  Result<std::optional<StoredBlock>> SeekBefore(Time at);
  Result<std::optional<StoredBlock>> Next();

 private:
  Result<std::optional<StoredBlock>> Read();

  RocksDb& db_;
  const TargetId target_;
  std::unique_ptr<rocksdb::Iterator> blocks_;
};

// Unpacks the series in `only` of a block, or all.
Result<void> ReadBlock(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                       const UseSeries& use, const SeriesList* only = nullptr);
// The values of the block's snapshot number `index`.
Result<Moment> ReadMoment(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                          std::size_t index);

// The last snapshot at or before `at`.
Result<std::optional<Time>> LastMoment(RocksDb& db, TargetId target, Time at);

class History {
 public:
  struct Piece {
    std::size_t part;
    std::size_t begin;  // snapshots of the part
    std::size_t end;
  };

  static Result<History> Read(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target,
                              Time from, Time to);

  const std::vector<Piece>& pieces() const { return pieces_; }
  std::size_t snapshot_count() const;
  const SegmentFrame& frame(std::size_t part) const;
  // Every series of a part, or those in `only`: chunks without any of them are not read.
  Result<void> ForEachSeries(std::size_t part, const UseSeries& use,
                             const SeriesList* only = nullptr) const;

 private:
  // One of the two.
  struct Part {
    std::unique_ptr<StoredBlock> block;
    std::unique_ptr<SegmentChanges> rows;
  };

  History(RocksDb& db, const rocksdb::Snapshot* snapshot) : db_(&db), snapshot_(snapshot) {}
  Result<void> ReadBlocks(TargetId target, Time from, Time to);
  Result<void> ReadRows(TargetId target, Time from, Time to);
  void FindPieces(Time from, Time to);

  RocksDb* db_;
  const rocksdb::Snapshot* snapshot_;
  std::vector<Part> parts_;
  std::vector<Piece> pieces_;
};

}  // namespace heapwatch
