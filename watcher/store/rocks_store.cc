#include "watcher/store/rocks_store.h"

#include <algorithm>

#include "analysis/base/attempt.h"
#include "watcher/store/garbage.h"
#include "watcher/store/history_units.h"
#include "watcher/store/joining.h"
#include "watcher/store/packing.h"
#include "watcher/store/series_reader.h"
#include "watcher/store/target_entries.h"
#include "watcher/store/window_reader.h"

namespace heapwatch {
namespace {

constexpr std::string_view kStatePrefix = "state/";
constexpr std::string_view kPinPrefix = "pin/";

// A chain with very many series ends early, but not after every few rows.
constexpr std::size_t kLeastRows = 16;

std::string KeyOf(std::string_view prefix, std::string_view name) {
  return std::string(prefix) + std::string(name);
}

// What the summary of a target should say.
Result<TargetSummary> SumUp(RocksDb& db, TargetId target) {
  const auto units = UnitsBetween(db, target, Time::min(), Time::max());
  if (!units) return Fail(units.error());
  TargetSummary summary;
  for (const HistoryUnit& unit : *units) {
    summary.first = summary.snapshots == 0 ? unit.first : std::min(summary.first, unit.first);
    summary.last = std::max(summary.last, unit.last);
    summary.snapshots += unit.snapshots;
  }
  return summary;
}

}  // namespace

RocksStore::RocksStore(std::unique_ptr<RocksDb> db, const RocksStoreOptions& options)
    : options_(options),
      db_(std::move(db)),
      dictionary_(*db_, options.memory_limit_bytes / 4),
      targets_(options.memory_limit_bytes / 4),
      ageing_(*db_, dictionary_, targets_, pins_, pinning_mutex_) {}

RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::Open(const std::string& path,
                                                     const RocksStoreOptions& options) {
  auto db = RocksDb::Open({path, options.memory_limit_bytes, options.read_only, options.env});
  if (!db) return Fail(db.error());
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(*db), options));
  if (auto loaded = store->LoadTargets(); !loaded) return Fail(loaded.error());
  if (auto loaded = store->LoadPins(); !loaded) return Fail(loaded.error());
  return store;
}

Result<std::shared_lock<std::shared_mutex>> RocksStore::Use() const {
  std::shared_lock use(use_mutex_);
  if (auto open = db_->CheckOpen(); !open) return Fail(open.error());
  return use;
}

// What the failed write wrote may be there nevertheless: what is known of the targets is read anew.
Result<std::shared_lock<std::shared_mutex>> RocksStore::UseForWriting() {
  if (db_->has_failed()) {
    if (auto writable = db_->ProbeDisk(); !writable) return Fail(writable.error());
    const std::unique_lock alone(use_mutex_);
    if (db_->has_failed()) {
      if (auto opened = db_->Reopen(); !opened) return Fail(opened.error());
      targets_.Clear();
      if (auto loaded = LoadTargets(); !loaded) {
        db_->NoteFailure();
        return Fail(loaded.error());
      }
    }
  }
  return Use();
}

Result<void> RocksStore::LoadTargets() {
  auto records = ReadTargetRecords(*db_);
  if (!records) return Fail(records.error());
  for (auto& [target, record] : *records) {
    if (!record.is_summary_sound) {
      auto summary = SumUp(*db_, target);
      if (!summary) return Fail(summary.error());
      record.summary = *summary;
    }
    targets_.Add(target, std::move(record));
  }
  return {};
}

// A pin that cannot be read must not keep the service from its work.
Result<void> RocksStore::LoadPins() {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->db().NewIterator(rocksdb::ReadOptions(), db_->family(Family::kDefault)));
  const rocksdb::Slice prefix(kPinPrefix.data(), kPinPrefix.size());
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    if (auto pin = DecodePin(it->value().ToString())) {
      if (auto put = pins_.Put(std::move(*pin)); !put) return put;
    }
  }
  if (!it->status().ok()) return Fail(db_->ErrorOf(it->status(), "reading the pins"));
  return {};
}

// A chain that cannot be read any more must not keep new snapshots out: the next row begins a new
// one. So does one of a moment after a block.
void RocksStore::LoadWriter(OpenTarget& state, TargetId target, Time time) {
  state.writer = std::make_unique<RowWriter>();
  state.written_until = Time::min();
  if (state.summary.snapshots == 0) return;
  auto before = ReadLastRow(*db_, nullptr, target, time, state.rows_from);
  if (!before || !*before || (*before)->is_aside) return;
  const auto block = FirstFrom(*db_, Family::kHeaders, target, (*before)->time);
  if (!block || block->value_or(time) < time) return;
  state.writer = std::make_unique<RowWriter>(std::move((*before)->chain), (*before)->chain_start);
  state.written_until = (*before)->time;
}

// Where the stretch between two chains or blocks ends that the moment lies in; nothing where it
// lies in the middle of one.
Result<std::optional<Time>> RocksStore::EndOfGap(const OpenTarget& state, TargetId target,
                                                 Time time) const {
  if (state.summary.snapshots == 0 || time > state.summary.last) return Time::max();
  const auto block = BlockScan(*db_, nullptr, target).SeekBefore(time);
  if (!block) return Fail(block.error());
  if (*block && (*block)->header.frame.times.back() > time) return std::nullopt;
  const auto next = FirstFrom(*db_, Family::kHeaders, target, time);
  if (!next) return Fail(next.error());
  Time end = next->value_or(Time::max());
  const TargetEntries rows(*db_, Family::kRows, target, nullptr, state.rows_from);
  for (rows->Seek(RowKey(target, time)); rows->Valid(); rows->Next()) {
    const Time at = TimeOfRowKey(rows->key().ToStringView());
    if (at >= end) break;
    const auto preamble = ReadPreamble(rows->value().ToStringView());
    if (preamble && preamble->kind == RowKind::kAside) continue;
    if (preamble && at - preamble->since_chain_start < time) return std::nullopt;
    end = at;
  }
  if (!rows->status().ok()) return Fail(db_->ErrorOf(rows->status(), "reading"));
  return end;
}

// What is left of the rows begins where they say.
Result<void> RocksStore::NotePacked(OpenTarget& state, TargetId target) {
  const auto first = FirstFrom(*db_, Family::kRows, target, state.rows_from);
  if (!first) return Fail(first.error());
  state.rows_from = first->value_or(state.summary.last + Duration(1));
  return {};
}

Result<RowWriter::Row> RocksStore::WriteRow(OpenTarget& state, TargetId target, Time time,
                                            const HeapProfile& profile) {
  if (!state.writer || time <= state.written_until || time >= state.writable_until) {
    const auto end = EndOfGap(state, target, time);
    if (!end) return Fail(end.error());
    if (!*end) return RowWriter::WriteAside(profile);
    LoadWriter(state, target, time);
    state.writable_until = **end;
  }
  const RowChain& chain = state.writer->chain();
  if (IsFull(chain) || (chain.row_count() > 0 && time - state.written_until > kLongestHole)) {
    // Where that fails the rows stay, and are read as rows.
    auto packed = PackChain(*db_, target, state.written_until,
                            {options_.snapshots_per_block, state.rows_from});
    if (packed) packed = NotePacked(state, target);
    if (!packed && db_->has_failed()) return Fail(packed.error());
    state.writer->EndChain();
  }
  auto row = state.writer->Write(time, profile);
  if (row) state.written_until = time;
  return row;
}

bool RocksStore::IsFull(const RowChain& chain) const {
  const std::size_t rows = chain.row_count();
  const std::size_t columns = std::max<std::size_t>(1, chain.head_profile().sample_types.size());
  return rows >= options_.rows_per_chain ||
         (rows >= kLeastRows && rows * columns * chain.series_count() >= kMostValues);
}

// Of a moment not after the target's last one.
Result<bool> RocksStore::HasSnapshot(TargetId target, Time time) const {
  const auto row = db_->Get(Family::kRows, RowKey(target, time));
  if (row) return true;
  if (row.error().code != ErrorCode::kNotFound) return Fail(row.error());
  const auto block = BlockScan(*db_, nullptr, target).SeekBefore(time);
  if (!block) return Fail(block.error());
  if (!*block) return false;
  const std::vector<Time>& times = (*block)->header.frame.times;
  return std::binary_search(times.begin(), times.end(), time);
}

Result<void> RocksStore::AppendTo(OpenTarget& state, TargetId target, Time time,
                                  const HeapProfile& profile) {
  TargetSummary summary = state.summary;
  if (summary.snapshots > 0 && time <= summary.last) {
    const auto there = HasSnapshot(target, time);
    if (!there) return Fail(there.error());
    if (*there) return {};
  }
  const auto row = WriteRow(state, target, time, profile);
  if (!row) return Fail(row.error());

  Batch batch;
  batch.Put(db_->family(Family::kRows), RowKey(target, time), row->bytes);
  const auto hold = dictionary_.KeepFromDeleting();
  if (auto added = dictionary_.AddMissing(profile, row->new_stacks, batch); !added) return added;
  if (summary.snapshots == 0) {
    summary.first = summary.last = time;
    PutLabels(*db_, target, state.labels, batch);
  }
  summary.first = std::min(summary.first, time);
  summary.last = std::max(summary.last, time);
  ++summary.snapshots;
  PutSummary(*db_, target, summary, batch);
  if (time < state.rows_from.load()) state.rows_from = time;
  if (auto written = db_->Write(batch, IsSyncDue()); !written) return written;
  state.SetSummary(summary);
  return {};
}

Result<void> RocksStore::Append(const Labels& target, Time time, const HeapProfile& profile) {
  if (is_out_of_room_) {
    return Fail(ErrorCode::kLimit, "the store in " + db_->path() +
                                       ": its disk is nearly full and there is nothing left to "
                                       "drop; free some space");
  }
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  const TargetId id = TargetId::Of(target);
  Result<void> appended;
  while (true) {
    const auto state = targets_.Open(target);
    const std::lock_guard lock(state->mutex);
    if (state->is_dropped) continue;
    appended = Attempt([&] { return AppendTo(*state, id, time, profile); });
    if (!appended) state->writer.reset();  // it may be a row ahead of the disk
    targets_.NoteWriter(*state);
    break;
  }
  targets_.EvictWriters();
  return appended;
}

bool RocksStore::IsSyncDue() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto last = synced_at_.load();
  if (now - std::chrono::steady_clock::duration(last) < options_.sync_interval) return false;
  return synced_at_.compare_exchange_strong(last, now.count()) ||
         options_.sync_interval == Duration(0);
}

Result<std::vector<StoredTarget>> RocksStore::Targets() const {
  const auto use = Use();
  if (!use) return Fail(use.error());
  std::vector<StoredTarget> targets;
  for (const auto& [id, state] : targets_.All()) {
    const TargetSummary summary = state->SummaryNow();
    if (summary.snapshots == 0) continue;
    targets.push_back({id, state->labels, summary.first, summary.last, summary.snapshots});
  }
  std::sort(targets.begin(), targets.end(),
            [](const StoredTarget& a, const StoredTarget& b) { return a.id < b.id; });
  return targets;
}

Result<HeapProfile> RocksStore::ProfileAt(TargetId target, Time at) const {
  const auto use = Use();
  if (!use) return Fail(use.error());
  const auto state = targets_.Find(target);
  if (!state) return Fail(state.error());
  const Time rows_from = (*state)->rows_from;
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  const auto row = ReadLastRow(*db_, snapshot.snapshot(), target, at, rows_from);
  if (!row) return Fail(row.error());
  auto block = BlockScan(*db_, snapshot.snapshot(), target).SeekBefore(at);
  if (!block) return Fail(block.error());
  if (*block && (*block)->first <= at) {
    const std::vector<Time>& times = (*block)->header.frame.times;
    const auto after = std::upper_bound(times.begin(), times.end(), at);
    const auto index = static_cast<std::size_t>(after - times.begin()) - 1;
    if (!*row || times[index] > (*row)->time) {
      SeriesLists lists(*db_, snapshot.snapshot());
      if (auto read = lists.ReadInto(**block); !read) return Fail(read.error());
      const auto moment = ReadMoment(*db_, snapshot.snapshot(), **block, index);
      if (!moment) return Fail(moment.error());
      return dictionary_.Rebuild(*moment);
    }
  }
  if (*row) return dictionary_.Rebuild(MomentOf((*row)->chain, (*row)->time));
  return Fail(ErrorCode::kNotFound,
              "target " + target.ToString() + " has no snapshot at or before " + FormatRfc3339(at));
}

template <class Read>
std::invoke_result_t<Read, const History&, const OpenTarget&> RocksStore::WithHistory(
    TargetId target, Time from, Time to, const Read& read) const {
  const auto use = Use();
  if (!use) return Fail(use.error());
  const auto state = targets_.Find(target);
  if (!state) return Fail(state.error());
  const Time rows_from = (*state)->rows_from;
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  const auto history = History::Read(*db_, snapshot.snapshot(), target, from, to, rows_from);
  if (!history) return Fail(history.error());
  return read(*history, **state);
}

Result<std::vector<SnapshotInfo>> RocksStore::Snapshots(TargetId target, Time from, Time to) const {
  return WithHistory(target, from, to, [](const History& history, const OpenTarget&) {
    return ReadSnapshots(history);
  });
}

Result<SiteWindow> RocksStore::Window(TargetId target, Time from, Time to,
                                      const SiteAttributor& attributor) const {
  return WithHistory(target, from, to, [&](const History& history, const OpenTarget& state) {
    auto window = ReadWindow(history, attributor, dictionary_);
    if (window) window->version = Get(state.labels, "version");
    return window;
  });
}

Result<SomeSeries> RocksStore::Series(TargetId target, Time from, Time to,
                                      const SiteAttributor& attributor,
                                      const SiteFilter& wanted) const {
  return WithHistory(target, from, to, [&](const History& history, const OpenTarget&) {
    return ReadSeries(history, attributor, dictionary_, wanted);
  });
}

Result<AgeingReport> RocksStore::Age(const Retention& retention, Time now) {
  for (const std::string& id : pins_.ExpiredAt(now)) {
    if (auto removed = RemovePin(id); !removed) return Fail(removed.error());
  }
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  const std::lock_guard lock(ageing_mutex_);
  AgeingReport report = ageing_.Run(retention, now);
  is_out_of_room_ = report.is_out_of_room;
  return report;
}

Result<void> RocksStore::PutPin(const Pin& pin) {
  if (auto checked = CheckPin(pin); !checked) return checked;
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  const std::lock_guard lock(pinning_mutex_);
  const auto before = pins_.Find(pin.id);
  if (before == pin) return {};
  if (auto put = pins_.Put(pin); !put) return put;
  Batch batch;
  batch.Put(KeyOf(kPinPrefix, pin.id), EncodePin(pin));
  auto written = db_->Write(batch, true);
  if (!written) {
    if (before) {
      static_cast<void>(pins_.Put(*before));
    } else {
      pins_.Remove(pin.id);
    }
  }
  return written;
}

Result<void> RocksStore::RemovePin(std::string_view id) {
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  const std::lock_guard lock(pinning_mutex_);
  if (!pins_.Find(id)) return {};
  Batch batch;
  batch.Delete(KeyOf(kPinPrefix, id));
  if (auto written = db_->Write(batch, true); !written) return written;
  pins_.Remove(id);
  return {};
}

Result<void> RocksStore::Compact() {
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  const std::lock_guard ageing_lock(ageing_mutex_);
  Result<void> all_packed;
  for (const auto& [target, state] : targets_.All()) {
    const std::lock_guard lock(state->mutex);
    if (state->is_dropped || state->summary.snapshots == 0) continue;
    auto packed = PackRows(*db_, target, {options_.snapshots_per_block, state->rows_from});
    state->writer.reset();
    targets_.NoteWriter(*state);
    if (packed) packed = NotePacked(*state, target);
    if (!packed && db_->has_failed()) return packed;
    if (!packed && all_packed) all_packed = packed;
  }
  if (const auto collected = CollectGarbage(*db_, dictionary_); !collected) {
    return Fail(collected.error());
  }
  if (auto compacted = db_->Compact(); !compacted) return compacted;
  return all_packed;
}

Result<void> RocksStore::PutState(std::string_view name, std::string_view blob) {
  const auto use = UseForWriting();
  if (!use) return Fail(use.error());
  Batch batch;
  batch.Put(KeyOf(kStatePrefix, name), std::string(blob));
  return db_->Write(batch, true);
}

Result<std::optional<std::string>> RocksStore::GetState(std::string_view name) const {
  const auto use = Use();
  if (!use) return Fail(use.error());
  auto blob = db_->Get(Family::kDefault, KeyOf(kStatePrefix, name));
  if (blob) return std::optional(std::move(*blob));
  if (blob.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return Fail(blob.error());
}

}  // namespace heapwatch
