// Walks the stored snapshots of one target in time order; at each, the chain that tells its values.
// One thread.
//
//   RowScan scan(db, snapshot, target);
//   for (auto at = scan.Seek(from); at && *at; at = scan.Next()) Use(scan.time(), scan.chain());
//
// Errors are kCorrupt and name the snapshot and its key; the scan goes no further then.
#pragma once

#include <rocksdb/iterator.h>

#include <memory>
#include <string>

#include "analysis/base/error.h"
#include "analysis/series/row_codec.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

class RowScan {
 public:
  // Nothing after `last` is looked at. `snapshot` and `db` must outlive the scan.
  RowScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target, Time last = Time::max());

  // To the first snapshot at or after `from`; to the last one; to the one after this. False: there
  // is none.
  Result<bool> Seek(Time from);
  Result<bool> SeekToLast();
  Result<bool> Next();

  Time time() const { return time_; }
  const RowChain& chain() const { return is_aside_ ? aside_ : chain_; }
  bool is_aside() const { return is_aside_; }
  // Of the chain the snapshot stands in; an aside stands in none.
  Time chain_start() const { return chain_start_; }

 private:
  Result<bool> Read();
  Result<void> ReadDelta(std::string_view row);
  Error At(const Error& error, std::string_view key) const;

  RocksDb& db_;
  const TargetId target_;
  const Time last_;
  const std::string end_;  // where the next target's rows begin; empty: nowhere
  rocksdb::Slice end_slice_;
  rocksdb::ReadOptions options_;
  std::unique_ptr<rocksdb::Iterator> rows_;

  Time time_{};
  RowChain chain_;
  Time chain_start_{};
  bool has_chain_ = false;
  RowChain aside_;
  bool is_aside_ = false;
};

}  // namespace heapwatch
