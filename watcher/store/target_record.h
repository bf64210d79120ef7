// What the store keeps of a target beside its snapshots: its labels and a summary, each under a key
// of the family `default`. FORMAT.md describes the bytes. Pure, but for the reading.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

struct TargetSummary {
  Time first{};  // of the snapshots kept
  Time last{};
  std::size_t snapshots = 0;
};

struct TargetRecord {
  Labels labels;
  TargetSummary summary;
  bool is_summary_sound = true;  // false: it could not be read
};

// Both into the batch; the labels alone never change.
void PutLabels(RocksDb& db, TargetId target, const Labels& labels, Batch& batch);
void PutSummary(RocksDb& db, TargetId target, const TargetSummary& summary, Batch& batch);
void DeleteRecord(RocksDb& db, TargetId target, Batch& batch);

// Of all targets. kCorrupt where the labels of one do not make sense.
Result<std::map<TargetId, TargetRecord>> ReadTargetRecords(RocksDb& db);

}  // namespace heapwatch
