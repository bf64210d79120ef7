// The targets of an open store, with what is kept in memory of each. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "analysis/series/row_codec.h"
#include "watcher/store/target_id.h"
#include "watcher/store/target_record.h"

namespace heapwatch {

// Its mutex covers the rest of it, but for what is atomic. It may be held for seconds.
struct OpenTarget {
  // Under the mutex.
  void SetSummary(const TargetSummary& set);
  // Without it.
  TargetSummary SummaryNow() const;

  std::mutex mutex;
  mutable std::mutex summary_mutex;  // the second that is needed to set the summary
  // No row is of a moment before this: those that were have been packed, and to go through what is
  // left of them in the database takes long. Whoever reads looks here before taking a snapshot of
  // the database.
  std::atomic<Time> rows_from = Time::min();
  Labels labels;            // never change
  TargetSummary summary;    // set by SetSummary alone
  bool is_dropped = false;  // no longer in the table: look there again
  // Where there is a writer, the time of its last row, if it has one, and of what comes next in the
  // history: its next row is to lie between them.
  std::unique_ptr<RowWriter> writer;
  Time written_until = Time::min();
  Time writable_until = Time::max();
  std::size_t writer_bytes = 0;
  std::uint64_t used_at = 0;
  // When there may next be something to thin out, by what is left of how much; see Ageing.
  std::map<Duration, Time> thin_at;
};

class TargetTable {
 public:
  // Writers take about as much memory as this, and little more.
  explicit TargetTable(std::size_t writers_limit_bytes) : limit_bytes_(writers_limit_bytes) {}

  void Add(TargetId target, TargetRecord record);
  // Makes it where it is not there.
  std::shared_ptr<OpenTarget> Open(const Labels& labels);
  Result<std::shared_ptr<OpenTarget>> Find(TargetId target) const;
  std::vector<std::pair<TargetId, std::shared_ptr<OpenTarget>>> All() const;
  // To be called under the target's mutex, which nobody waits for under that of the table.
  void Erase(TargetId target);
  // Forgets all of them. Nobody may hold one.
  void Clear();

  // To be called after the target's writer was used or taken away, under the target's mutex.
  void NoteWriter(OpenTarget& target);
  // Puts out the writers not used for longest where all are too large. Under no mutex.
  void EvictWriters();

 private:
  const std::size_t limit_bytes_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<TargetId, std::shared_ptr<OpenTarget>> targets_;
  std::atomic<std::size_t> writer_bytes_ = 0;
  std::atomic<std::uint64_t> use_count_ = 0;
};

}  // namespace heapwatch
