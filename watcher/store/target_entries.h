// An iterator over the rows or the blocks of one target in the order of time. It looks at no
// others': what is deleted around them, of which there may be much, would have to be gone through
// entry by entry. One thread.
#pragma once

#include <rocksdb/iterator.h>

#include <memory>
#include <optional>
#include <string>

#include "watcher/store/rocks_db.h"

namespace heapwatch {

class TargetEntries {
 public:
  // Nor does it look at what is before `from`. `snapshot` and `db` must outlive it.
  TargetEntries(RocksDb& db, Family family, TargetId target,
                const rocksdb::Snapshot* snapshot = nullptr, Time from = Time::min());
  TargetEntries(const TargetEntries&) = delete;
  TargetEntries& operator=(const TargetEntries&) = delete;

  rocksdb::Iterator* operator->() const { return it_.get(); }

 private:
  const std::string begin_;
  const std::string end_;  // where the next target's begin; empty: nowhere
  const rocksdb::Slice begin_slice_;
  const rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

// The moment of the first one at or after `from`; nullopt where there is none.
Result<std::optional<Time>> FirstFrom(RocksDb& db, Family family, TargetId target, Time from);

}  // namespace heapwatch
