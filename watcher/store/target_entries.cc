#include "watcher/store/target_entries.h"

namespace heapwatch {
namespace {

std::string EndOf(TargetId target) {
  return target.value + 1 == 0 ? std::string() : TargetPrefix(TargetId{target.value + 1});
}

}  // namespace

TargetEntries::TargetEntries(RocksDb& db, Family family, TargetId target,
                             const rocksdb::Snapshot* snapshot, Time from)
    : begin_(RowKey(target, from)), end_(EndOf(target)), begin_slice_(begin_), end_slice_(end_) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.iterate_lower_bound = &begin_slice_;
  if (!end_.empty()) options.iterate_upper_bound = &end_slice_;
  it_.reset(db.db().NewIterator(options, db.family(family)));
}

Result<std::optional<Time>> FirstFrom(RocksDb& db, Family family, TargetId target, Time from) {
  const TargetEntries entries(db, family, target, nullptr, from);
  entries->SeekToFirst();
  if (!entries->status().ok()) return Fail(db.ErrorOf(entries->status(), "reading"));
  if (!entries->Valid()) return std::nullopt;
  return TimeOfRowKey(entries->key().ToStringView());
}

}  // namespace heapwatch
