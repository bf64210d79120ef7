// Makes old history coarser, then drops it, tidies the dictionary once a day, and makes room where
// there is too little; see Store::Age and Retention. What is pinned stays. One pass at a time;
// appending and reading go on meanwhile.
//
// Each step is one atomic write: a pass that is cut short has done less, and nothing wrong.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "analysis/base/error.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/history_units.h"
#include "watcher/store/pin.h"
#include "watcher/store/retention.h"
#include "watcher/store/rocks_db.h"
#include "watcher/store/target_table.h"

namespace heapwatch {

class Ageing {
 public:
  // `pinning_mutex` is held by whoever sets a pin, so that a pin is set before a target ages or
  // after. It is taken before a target's own.
  Ageing(RocksDb& db, Dictionary& dictionary, TargetTable& targets, const PinBoard& pins,
         std::mutex& pinning_mutex)
      : db_(db),
        dictionary_(dictionary),
        targets_(targets),
        pins_(pins),
        pinning_mutex_(pinning_mutex) {}

  AgeingReport Run(const Retention& retention, Time now);

 private:
  Result<std::vector<PinnedSpan>> PinnedOf(TargetId target, Time now) const;
  Result<std::size_t> Drop(OpenTarget& target, TargetId id, Time oldest, Time now);
  Result<void> ThinOut(OpenTarget& target, TargetId id, const Resolution& resolution, Time now,
                       AgeingReport& report);
  Result<std::size_t> ThinOutLot(OpenTarget& target, TargetId id, Duration every,
                                 const std::vector<HistoryUnit>& lot);
  Result<void> Write(OpenTarget& target, TargetId id, const TargetSummary& summary, bool is_dropped,
                     Batch& batch);
  Result<void> TidyDaily(const Retention& retention, Time now);
  Result<void> TidyDictionary(const Retention& retention, Time now);
  std::uint64_t AllowedBytes(const Retention& retention) const;
  void MakeRoom(const Retention& retention, Time now, AgeingReport& report);
  std::uint64_t HistoryBytes(Time from, Time to) const;
  Time CutThatFrees(std::uint64_t bytes, Time from, Time to) const;
  Time OldestBefore(Time newest) const;

  RocksDb& db_;
  Dictionary& dictionary_;
  TargetTable& targets_;
  const PinBoard& pins_;
  std::mutex& pinning_mutex_;
};

}  // namespace heapwatch
