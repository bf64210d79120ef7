// The stored snapshots of one target over a span of time, whether they lie in blocks or still in
// rows: parts, each a table of its own, and pieces, the stretches of the parts in the order of
// time. (A snapshot that arrived late may lie in the middle of a part.) One thread; reads from the
// database as it is asked.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/series/block_codec.h"
#include "analysis/series/rebuild.h"
#include "analysis/series/segment.h"
#include "watcher/store/rocks_db.h"
#include "watcher/store/target_entries.h"

namespace heapwatch {

// A block by its header, which may lack its series.
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
  const TargetEntries headers_;
};

// Reads which series blocks are of; a list that several have is read once.
class SeriesLists {
 public:
  // `snapshot` and `db` must outlive this.
  SeriesLists(RocksDb& db, const rocksdb::Snapshot* snapshot) : db_(db), snapshot_(snapshot) {}
  Result<void> ReadInto(StoredBlock& block);

 private:
  RocksDb& db_;
  const rocksdb::Snapshot* snapshot_;
  std::map<ContentHash, std::shared_ptr<const BlockSeries>> lists_;
};

// Unpacks the series in `only` of a block, or all. The block has its series.
Result<void> ReadBlock(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                       const UseSeries& use, const SeriesList* only = nullptr);
// The values of the block's snapshot number `index`.
Result<Moment> ReadMoment(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                          std::size_t index);

// The last snapshot at or before `at`.
Result<std::optional<Time>> LastMoment(RocksDb& db, TargetId target, Time at);

// A snapshot that is in a row.
struct RowMoment {
  Time time{};
  RowChain chain;  // as it stands then
  Time chain_start{};
  bool is_aside = false;
};
// The last one at or before `at`, of those from `rows_from` on.
Result<std::optional<RowMoment>> ReadLastRow(RocksDb& db, const rocksdb::Snapshot* snapshot,
                                             TargetId target, Time at,
                                             Time rows_from = Time::min());

class History {
 public:
  struct Piece {
    std::size_t part;
    std::size_t begin;  // snapshots of the part
    std::size_t end;
  };

  // `rows_from`: no row is of a moment before this.
  static Result<History> Read(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target,
                              Time from, Time to, Time rows_from = Time::min());

  const std::vector<Piece>& pieces() const { return pieces_; }
  std::size_t snapshot_count() const;
  const SegmentFrame& frame(std::size_t part) const;
  // Every series of a part, or those in `only`: chunks without any of them are not read.
  Result<void> ForEachSeries(std::size_t part, const UseSeries& use,
                             const SeriesList* only = nullptr) const;
  // The columns of a part, which must not outlive the history. What they do not make sense of is
  // told by DamageIn.
  Result<std::unique_ptr<ColumnSource>> Columns(std::size_t part) const;
  Error DamageIn(std::size_t part) const;

 private:
  // One of the two.
  struct Part {
    std::unique_ptr<StoredBlock> block;
    std::unique_ptr<ChainSegment> rows;
  };

  History(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target)
      : db_(&db), snapshot_(snapshot), target_(target) {}
  Result<void> ReadBlocks(Time from, Time to);
  Result<void> ReadRows(Time from, Time to, Time rows_from);
  void FindPieces(Time from, Time to);

  RocksDb* db_;
  const rocksdb::Snapshot* snapshot_;
  TargetId target_;
  std::vector<Part> parts_;
  std::vector<Piece> pieces_;
};

}  // namespace heapwatch
