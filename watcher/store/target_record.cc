#include "watcher/store/target_record.h"

#include <memory>
#include <utility>

#include "analysis/series/byte_io.h"

namespace heapwatch {
namespace {

constexpr std::string_view kLabelsPrefix = "labels/";
constexpr std::string_view kSummaryPrefix = "summary/";

std::string KeyOf(std::string_view prefix, TargetId target) {
  return std::string(prefix) + TargetPrefix(target);
}

std::optional<Labels> DecodeLabels(std::string_view bytes) {
  ByteReader in(bytes);
  Labels labels;
  const std::size_t count = in.Count();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name(in.Text());
    labels.emplace(name, in.Text());
  }
  if (!in.ok() || !in.done()) return std::nullopt;
  return labels;
}

std::optional<TargetSummary> DecodeSummary(std::string_view bytes) {
  ByteReader in(bytes);
  TargetSummary summary;
  summary.first = FromUnixMillis(in.Zigzag());
  summary.last = FromUnixMillis(in.Zigzag());
  summary.snapshots = in.Varint();
  if (!in.ok()) return std::nullopt;
  return summary;
}

}  // namespace

void PutLabels(RocksDb& db, TargetId target, const Labels& labels, Batch& batch) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Varint(labels.size());
  for (const auto& [name, value] : labels) {
    out.Text(name);
    out.Text(value);
  }
  batch.Put(db.family(Family::kDefault), KeyOf(kLabelsPrefix, target), bytes);
}

void PutSummary(RocksDb& db, TargetId target, const TargetSummary& summary, Batch& batch) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Zigzag(ToUnixMillis(summary.first));
  out.Zigzag(ToUnixMillis(summary.last));
  out.Varint(summary.snapshots);
  batch.Put(db.family(Family::kDefault), KeyOf(kSummaryPrefix, target), bytes);
}

void DeleteRecord(RocksDb& db, TargetId target, Batch& batch) {
  batch.Delete(db.family(Family::kDefault), KeyOf(kSummaryPrefix, target));
  batch.Delete(db.family(Family::kDefault), KeyOf(kLabelsPrefix, target));
}

Result<std::map<TargetId, TargetRecord>> ReadTargetRecords(RocksDb& db) {
  std::map<TargetId, TargetRecord> records;
  const std::unique_ptr<rocksdb::Iterator> it(
      db.db().NewIterator(rocksdb::ReadOptions(), db.family(Family::kDefault)));
  const rocksdb::Slice prefix(kLabelsPrefix.data(), kLabelsPrefix.size());
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const TargetId target{ReadBigEndian(it->key().ToString().substr(kLabelsPrefix.size()))};
    auto labels = DecodeLabels(it->value().ToString());
    const auto bytes = db.Get(Family::kDefault, KeyOf(kSummaryPrefix, target));
    const auto summary = bytes ? DecodeSummary(*bytes) : std::nullopt;
    if (!labels) {
      return Fail(ErrorCode::kCorrupt,
                  "the store's labels of target " + target.ToString() + " do not make sense");
    }
    records.emplace(target, TargetRecord{std::move(*labels), summary.value_or(TargetSummary()),
                                         summary.has_value()});
  }
  if (!it->status().ok()) return Fail(db.ErrorOf(it->status(), "reading the targets"));
  return records;
}

}  // namespace heapwatch
