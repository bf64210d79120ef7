#include "watcher/store/ageing.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "analysis/base/attempt.h"
#include "analysis/series/byte_io.h"
#include "watcher/store/garbage.h"
#include "watcher/store/history.h"
#include "watcher/store/packing.h"
#include "watcher/store/target_entries.h"
#include "watcher/store/thinning.h"
#include "watcher/store/window_reader.h"

namespace heapwatch {
namespace {

// So many stretches are thinned out at a time, which makes blocks of about the size of those that
// are not thinned out.
constexpr int kStretchesPerLot = 60;

// For want of room all may go but this much of the newest.
constexpr Duration kAlwaysKept = std::chrono::hours(1);
constexpr int kRoomRounds = 8;

// The dictionary hardly grows, and all block headers are read to tidy it.
constexpr Duration kTidyEvery = std::chrono::hours(24);
constexpr std::string_view kTidiedKey = "tidied";  // when it was

bool IsStopped(const Retention& retention) { return retention.stop != nullptr && *retention.stop; }

// Whether a part was done; where it was not, that is told, however often it is tried, once.
template <class T>
bool Note(const Result<T>& part, AgeingReport& report) {
  if (part) return true;
  const bool is_told =
      std::any_of(report.failures.begin(), report.failures.end(),
                  [&](const Error& told) { return told.message == part.error().message; });
  if (!is_told) report.failures.push_back(part.error());
  return false;
}

std::size_t Count(const Result<std::size_t>& snapshots, AgeingReport& report) {
  return Note(snapshots, report) ? *snapshots : 0;
}

// Up to which moment a target has been thinned out to a resolution.
std::string MarkPrefix(TargetId target) { return "thinned/" + TargetPrefix(target); }

std::string MarkKey(TargetId target, Duration every) {
  std::string key = MarkPrefix(target);
  AppendBigEndian(key, static_cast<std::uint64_t>(every.count()));
  return key;
}

std::optional<Time> ReadTime(RocksDb& db, std::string_view key) {
  const auto bytes = db.Get(Family::kDefault, key);
  if (!bytes) return std::nullopt;
  ByteReader in(*bytes);
  const Time time = FromUnixMillis(in.Zigzag());
  return in.ok() ? std::optional(time) : std::nullopt;
}

void PutTime(RocksDb& db, const std::string& key, Time time, Batch& batch) {
  std::string bytes;
  ByteWriter(bytes).Zigzag(ToUnixMillis(time));
  batch.Put(db.family(Family::kDefault), key, bytes);
}

void DeleteMarks(RocksDb& db, TargetId target, Batch& batch) {
  const std::string prefix = MarkPrefix(target);
  rocksdb::ColumnFamilyHandle* const family = db.family(Family::kDefault);
  const std::unique_ptr<rocksdb::Iterator> it(db.db().NewIterator(rocksdb::ReadOptions(), family));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    batch.Delete(family, it->key());
  }
}

// How much of the history has to go for a store to become small enough: what the dictionary holds
// of it alone goes, too, which shows only when it has gone. At first it is taken to go in step with
// the history, then as it did.
class RoomEstimate {
 public:
  std::uint64_t HistoryToDrop(std::uint64_t store_bytes, std::uint64_t history_bytes,
                              std::uint64_t allowed_bytes) {
    const auto store = static_cast<double>(store_bytes);
    const auto history = static_cast<double>(history_bytes);
    if (store_ == 0) {
      gain_ = store / std::max(history, 1.0);
    } else if (history < history_) {
      gain_ = std::max(1.0, (store_ - store) / (history_ - history));
    }
    store_ = store;
    history_ = history;
    // A tenth more, so that this is not needed again at once.
    return static_cast<std::uint64_t>((store - static_cast<double>(allowed_bytes)) / gain_ +
                                      history / 10);
  }

 private:
  double store_ = 0;
  double history_ = 0;
  double gain_ = 1;  // bytes of the store for each of its history
};

Result<std::vector<SnapshotInfo>> SnapshotsOf(RocksDb& db, TargetId target,
                                              const std::vector<HistoryUnit>& units) {
  std::vector<SnapshotInfo> all;
  for (const TimeSpan& span : SpansToRead(units)) {
    const auto history = History::Read(db, nullptr, target, span.first, span.last);
    const auto snapshots = history ? ReadSnapshots(*history) : Fail(history.error());
    if (!snapshots) return Fail(snapshots.error());
    all.insert(all.end(), snapshots->begin(), snapshots->end());
  }
  return all;
}

}  // namespace

Result<std::vector<PinnedSpan>> Ageing::PinnedOf(TargetId target, Time now) const {
  std::vector<PinnedSpan> pinned = pins_.SpansOf(target, now);
  for (PinnedSpan& span : pinned) {
    const auto first = LastMoment(db_, target, span.from);
    if (!first) return Fail(first.error());
    span.from = first->value_or(span.from);
  }
  return pinned;
}

Result<void> Ageing::Write(OpenTarget& target, TargetId id, const TargetSummary& summary,
                           bool is_dropped, Batch& batch) {
  if (is_dropped) {
    DeleteRecord(db_, id, batch);
    DeleteMarks(db_, id, batch);
  } else {
    PutSummary(db_, id, summary, batch);
  }
  if (auto written = db_.Write(batch, false); !written) return written;
  target.SetSummary(summary);
  target.is_dropped = is_dropped;
  target.writer.reset();  // its chain may be gone
  targets_.NoteWriter(target);
  if (is_dropped) targets_.Erase(id);  // before anybody waiting for it can look there again
  return {};
}

Result<std::size_t> Ageing::Drop(OpenTarget& target, TargetId id, Time oldest, Time now) {
  const std::scoped_lock lock(pinning_mutex_, target.mutex);
  if (target.is_dropped || target.summary.snapshots == 0 || target.summary.first >= oldest) {
    return 0;
  }
  const auto pinned = PinnedOf(id, now);
  if (!pinned) return Fail(pinned.error());
  const auto units = UnitsBetween(db_, id, Time::min(), oldest);
  if (!units) return Fail(units.error());

  Batch batch;
  std::size_t dropped = 0;
  std::optional<Time> first;
  std::optional<Time> last;
  const auto keep = [&](Time begin, Time end) {
    first = std::min(first.value_or(begin), begin);
    last = std::max(last.value_or(end), end);
  };
  for (const HistoryUnit& unit : *units) {
    if (unit.last >= oldest || IsPinned(*pinned, unit.first, unit.last)) {
      keep(unit.first, unit.last);
      continue;
    }
    dropped += unit.snapshots;
    DeleteUnit(db_, unit, batch);
  }
  if (batch.Count() == 0) return 0;
  for (const Family family : {Family::kRows, Family::kHeaders}) {
    const auto next = FirstFrom(db_, family, id, oldest);
    if (!next) return Fail(next.error());
    if (*next) keep(**next, target.summary.last);
  }
  TargetSummary summary = target.summary;
  summary.first = first.value_or(summary.first);
  summary.last = last.value_or(summary.last);
  summary.snapshots -= std::min(dropped, summary.snapshots);
  if (!first) summary = {};
  if (auto written = Write(target, id, summary, !first, batch); !written) {
    return Fail(written.error());
  }
  return dropped;
}

Result<void> Ageing::ThinOut(OpenTarget& target, TargetId id, const Resolution& resolution,
                             Time now, AgeingReport& report) {
  const std::scoped_lock lock(pinning_mutex_, target.mutex);
  const Time end = now - resolution.older_than;
  Time& next = target.thin_at[resolution.every];
  if (now < next) return {};
  if (target.is_dropped || target.summary.snapshots == 0 || target.summary.first >= end) return {};
  const auto pinned = PinnedOf(id, now);
  if (!pinned) return Fail(pinned.error());
  const auto units = UnitsBetween(
      db_, id, ReadTime(db_, MarkKey(id, resolution.every)).value_or(Time::min()), end);
  if (!units) return Fail(units.error());

  std::vector<HistoryUnit> lot;
  Time lot_last = Time::min();
  Time pinned_until = Time::min();
  Time waiting = end;  // where the first lot begins that is not complete
  const auto end_lot = [&] {
    if (lot.empty()) return;
    report.thinned += Count(ThinOutLot(target, id, resolution.every, lot), report);
    lot.clear();
    waiting = end;
  };
  const auto is_long = [&] {
    return !lot.empty() && lot_last - lot.front().first >= kStretchesPerLot * resolution.every;
  };
  auto unit = units->begin();
  for (; unit != units->end(); ++unit) {
    // What lies within the time of a pinned piece stays with it, and late snapshots go with what is
    // around them.
    const bool is_pinned =
        unit->first <= pinned_until || IsPinned(*pinned, unit->first, unit->last);
    if (is_pinned || (unit->first > lot_last && is_long())) end_lot();
    if (is_pinned) {
      pinned_until = std::max(pinned_until, unit->last);
      continue;
    }
    if (lot.empty()) waiting = unit->first;
    if (unit->last >= end) break;
    lot.push_back(*unit);
    lot_last = std::max(lot_last, unit->last);
  }
  if (unit == units->end() && is_long()) end_lot();
  next = waiting + kStretchesPerLot * resolution.every + resolution.older_than;
  return {};
}

// Whatever comes of it, this stretch is done with: damage is told once, not every hour.
Result<std::size_t> Ageing::ThinOutLot(OpenTarget& target, TargetId id, Duration every,
                                       const std::vector<HistoryUnit>& lot) {
  Batch batch;
  Time last = lot.front().last;
  for (const HistoryUnit& unit : lot) last = std::max(last, unit.last);
  const auto snapshots = SnapshotsOf(db_, id, lot);
  const auto is_kept = ChooseKept(snapshots.value_or(std::vector<SnapshotInfo>()), every);
  const auto thinned = static_cast<std::size_t>(std::count(is_kept.begin(), is_kept.end(), false));
  Result<void> packed;
  if (!snapshots) {
    packed = Fail(snapshots.error());
  } else if (thinned > 0) {
    packed = Repack(db_, id, lot, is_kept, Time::min(), false, batch);
  }
  if (!packed) batch.Clear();
  TargetSummary summary = target.summary;
  if (packed) summary.snapshots -= std::min(summary.snapshots, thinned);
  PutTime(db_, MarkKey(id, every), last + Duration(1), batch);
  if (auto written = Write(target, id, summary, false, batch); !written) {
    return Fail(written.error());
  }
  if (!packed) return Fail(packed.error());
  return thinned;
}

Result<void> Ageing::TidyDictionary(const Retention& retention, Time now) {
  Batch batch;
  PutTime(db_, std::string(kTidiedKey), now, batch);
  if (auto written = db_.Write(batch, false); !written) return written;
  const auto collected = CollectGarbage(db_, dictionary_);
  if (!collected) return Fail(collected.error().In("the dictionary was not tidied up"));
  return *collected == 0 ? Result<void>() : db_.CompactDictionary(retention.stop);
}

Result<void> Ageing::TidyDaily(const Retention& retention, Time now) {
  const auto tidied = ReadTime(db_, kTidiedKey);
  if (tidied && *tidied <= now && now - *tidied < kTidyEvery) return {};
  return TidyDictionary(retention, now);
}

std::uint64_t Ageing::HistoryBytes(Time from, Time to) const {
  std::uint64_t bytes = 0;
  for (const auto& [id, target] : targets_.All()) {
    for (const Family family : {Family::kRows, Family::kHeaders, Family::kBlocks}) {
      bytes += db_.ApproximateBytes(family, RowKey(id, from), RowKey(id, to));
    }
  }
  return bytes;
}

// The earliest moment so that so much lies between `from` and it; at most `to`.
Time Ageing::CutThatFrees(std::uint64_t bytes, Time from, Time to) const {
  const Time begin = from;
  while (to - from > std::chrono::minutes(1)) {
    const Time middle = from + (to - from) / 2;
    if (HistoryBytes(begin, middle) >= bytes) {
      to = middle;
    } else {
      from = middle;
    }
  }
  return to;
}

Time Ageing::OldestBefore(Time newest) const {
  Time oldest = newest;
  for (const auto& [id, target] : targets_.All()) {
    const TargetSummary summary = target->SummaryNow();
    if (summary.snapshots > 0) oldest = std::min(oldest, summary.first);
  }
  return oldest;
}

// How much the store may take.
std::uint64_t Ageing::AllowedBytes(const Retention& retention) const {
  const std::uint64_t free = db_.FreeDiskBytes();
  const std::uint64_t floor = retention.min_free_disk_bytes;
  const std::uint64_t limit = retention.max_bytes.value_or(UINT64_MAX);
  if (free >= floor) return limit;
  const std::uint64_t bytes = db_.DiskBytes();
  return std::min(limit, bytes - std::min(bytes, floor - free));
}

void Ageing::MakeRoom(const Retention& retention, Time now, AgeingReport& report) {
  // Once and for all: what is deleted is not free as long as another process reads it.
  const std::uint64_t allowed = AllowedBytes(retention);
  const Time newest = now - kAlwaysKept;
  std::optional<Time> cut;
  RoomEstimate estimate;
  for (int round = 0;; ++round) {
    report.disk_bytes = db_.DiskBytes();
    if (report.disk_bytes <= allowed || cut == newest || IsStopped(retention)) break;
    if (round == 0) {  // what is in the log takes more room than it will, and cannot be weighed
      if (!Note(db_.Flush(), report)) break;
      continue;
    }
    const std::uint64_t wanted =
        estimate.HistoryToDrop(report.disk_bytes, HistoryBytes(Time::min(), Time::max()), allowed);
    const Time from = cut ? *cut : OldestBefore(newest);
    cut = round == kRoomRounds ? newest : CutThatFrees(wanted, from, newest);
    std::size_t dropped = 0;
    for (const auto& [id, target] : targets_.All()) {
      // Where one cannot be read the others' past takes room, too.
      dropped += Count(Attempt([&] { return Drop(*target, id, *cut, now); }), report);
    }
    if (dropped == 0) continue;
    report.dropped_for_room += dropped;
    report.room_made_before = cut;
    if (!Note(db_.CompactHistory(retention.stop), report)) break;
    if (!IsStopped(retention))
      Note(Attempt([&] { return TidyDictionary(retention, now); }), report);
  }
  report.is_above_limit = report.disk_bytes > retention.max_bytes.value_or(UINT64_MAX);
  report.is_out_of_room =
      report.disk_bytes > allowed && db_.FreeDiskBytes() < retention.min_free_disk_bytes;
}

AgeingReport Ageing::Run(const Retention& retention, Time now) {
  AgeingReport report;
  for (const auto& [id, target] : targets_.All()) {
    if (IsStopped(retention)) return report;
    const auto dropped = Attempt([&] { return Drop(*target, id, now - retention.age, now); });
    report.dropped += Count(dropped, report);
    for (const Resolution& resolution : retention.resolutions) {
      Note(Attempt([&] { return ThinOut(*target, id, resolution, now, report); }), report);
    }
  }
  Note(Attempt([&] { return TidyDaily(retention, now); }), report);
  MakeRoom(retention, now, report);
  return report;
}

}  // namespace heapwatch
