#include "watcher/store/row_scan.h"

namespace heapwatch {
namespace {

std::string EndOf(TargetId target) {
  return target.value + 1 == 0 ? std::string() : TargetPrefix(TargetId{target.value + 1});
}

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

RowScan::RowScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target, Time last)
    : db_(db), target_(target), last_(last), end_(EndOf(target)), end_slice_(end_) {
  options_.snapshot = snapshot;
  if (!end_.empty()) options_.iterate_upper_bound = &end_slice_;
  rows_.reset(db.db().NewIterator(options_, db.family(Family::kRows)));
}

Error RowScan::At(const Error& error, std::string_view key) const {
  return error.In("target " + target_.ToString() + ", the snapshot of " +
                  FormatRfc3339(TimeOfRowKey(key)) + " (row " + ToHex(key) + ")");
}

Result<bool> RowScan::Seek(Time from) {
  rows_->Seek(RowKey(target_, from));
  has_chain_ = is_aside_ = false;
  return Read();
}

Result<bool> RowScan::SeekToLast() {
  rows_->SeekForPrev(RowKey(target_, last_));
  has_chain_ = is_aside_ = false;
  return Read();
}

Result<bool> RowScan::Next() {
  rows_->Next();
  return Read();
}

Result<bool> RowScan::Read() {
  if (!rows_->Valid()) {
    if (!rows_->status().ok()) return Fail(db_.ErrorOf(rows_->status(), "reading"));
    return false;
  }
  const std::string_view key = ToView(rows_->key());
  if (!key.starts_with(TargetPrefix(target_))) return false;
  const std::string_view row = ToView(rows_->value());
  if (TimeOfRowKey(key) > last_) return false;
  time_ = TimeOfRowKey(key);
  is_aside_ = false;
  const auto kind = KindOf(row);
  if (!kind) return Fail(At(kind.error(), key));
  Result<void> applied;
  if (*kind == RowKind::kDelta) {
    applied = ReadDelta(row);
  } else {
    is_aside_ = *kind == RowKind::kAside;
    RowChain& chain = is_aside_ ? aside_ : chain_;
    chain = RowChain();
    applied = chain.Apply(row);
    if (!is_aside_) {
      has_chain_ = true;
      chain_start_ = time_;
    }
  }
  if (!applied) {
    has_chain_ = false;
    return Fail(At(applied.error(), key));
  }
  return true;
}

// Where the scan came upon the middle of a chain, its rows up to here are read first.
Result<void> RowScan::ReadDelta(std::string_view row) {
  const auto preamble = ReadPreamble(row);
  if (!preamble) return Fail(preamble.error());
  const Time start = time_ - preamble->since_chain_start;
  if (!has_chain_ || start != chain_start_) {
    chain_ = RowChain();
    const std::unique_ptr<rocksdb::Iterator> before(
        db_.db().NewIterator(options_, db_.family(Family::kRows)));
    for (before->Seek(RowKey(target_, start)); before->Valid() && before->key() != rows_->key();
         before->Next()) {
      const std::string_view value = ToView(before->value());
      const auto kind = KindOf(value);
      if (kind && *kind == RowKind::kAside) continue;
      const auto applied = kind ? chain_.Apply(value) : Fail(kind.error());
      if (!applied) return Fail(At(applied.error(), ToView(before->key())));
    }
    if (!before->status().ok()) return Fail(db_.ErrorOf(before->status(), "reading"));
    has_chain_ = true;
    chain_start_ = start;
  }
  return chain_.Apply(row);
}

}  // namespace heapwatch
