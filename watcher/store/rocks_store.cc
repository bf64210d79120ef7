#include "watcher/store/rocks_store.h"

#include <algorithm>
#include <limits>

#include "analysis/series/byte_io.h"
#include "watcher/store/row_scan.h"
#include "watcher/store/window_reader.h"

namespace heapwatch {
namespace {

constexpr std::string_view kLabelsPrefix = "labels/";
constexpr std::string_view kSummaryPrefix = "summary/";
constexpr std::string_view kStatePrefix = "state/";

std::string DefaultKey(std::string_view prefix, TargetId target) {
  return std::string(prefix) + TargetPrefix(target);
}

std::string EncodeLabels(const Labels& labels) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Varint(labels.size());
  for (const auto& [name, value] : labels) {
    out.Text(name);
    out.Text(value);
  }
  return bytes;
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

}  // namespace

RocksStore::RocksStore(std::unique_ptr<RocksDb> db, const RocksStoreOptions& options)
    : options_(options), db_(std::move(db)), dictionary_(*db_, options.memory_limit_bytes / 4) {}

RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::Open(const std::string& path,
                                                     const RocksStoreOptions& options) {
  auto db = RocksDb::Open({path, options.memory_limit_bytes, options.read_only});
  if (!db) return Fail(db.error());
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(*db), options));
  if (auto loaded = store->LoadTargets(); !loaded) return Fail(loaded.error());
  return store;
}

Result<void> RocksStore::LoadTargets() {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->db().NewIterator(rocksdb::ReadOptions(), db_->family(Family::kDefault)));
  const rocksdb::Slice prefix(kLabelsPrefix.data(), kLabelsPrefix.size());
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const TargetId target{ReadBigEndian(it->key().ToString().substr(kLabelsPrefix.size()))};
    auto labels = DecodeLabels(it->value().ToString());
    const auto summary = db_->Get(Family::kDefault, DefaultKey(kSummaryPrefix, target));
    if (!labels || !summary) {
      return Fail(ErrorCode::kCorrupt,
                  "the store's record of target " + target.ToString() + " does not make sense");
    }
    ByteReader in(*summary);
    auto state = std::make_shared<TargetState>();
    state->labels = std::move(*labels);
    state->summary.first = FromUnixMillis(in.Zigzag());
    state->summary.last = FromUnixMillis(in.Zigzag());
    state->summary.snapshots = in.Varint();
    targets_.emplace(target, std::move(state));
  }
  if (!it->status().ok()) return Fail(db_->ErrorOf(it->status(), "reading the targets"));
  return {};
}

std::shared_ptr<RocksStore::TargetState> RocksStore::StateOf(const Labels& labels) {
  const TargetId target = TargetId::Of(labels);
  {
    const std::shared_lock lock(targets_mutex_);
    if (const auto it = targets_.find(target); it != targets_.end()) return it->second;
  }
  const std::unique_lock lock(targets_mutex_);
  auto& state = targets_[target];
  if (!state) {
    state = std::make_shared<TargetState>();
    state->labels = labels;
  }
  return state;
}

Result<std::shared_ptr<RocksStore::TargetState>> RocksStore::Find(TargetId target) const {
  const std::shared_lock lock(targets_mutex_);
  const auto it = targets_.find(target);
  if (it == targets_.end()) {
    return Fail(ErrorCode::kNotFound, "no target " + target.ToString() + " in the store");
  }
  return it->second;
}

// A chain that cannot be read any more must not keep new snapshots out: the next row begins a new
// one.
void RocksStore::LoadWriter(TargetState& state, TargetId target) {
  state.writer = std::make_unique<RowWriter>();
  if (state.summary.snapshots == 0) return;
  RowScan scan(*db_, nullptr, target);
  const auto found = scan.SeekToLast();
  if (found && *found) state.writer = std::make_unique<RowWriter>(scan.chain(), scan.chain_start());
}

Result<RowWriter::Row> RocksStore::WriteRow(TargetState& state, TargetId target, Time time,
                                            const HeapProfile& profile) {
  if (state.summary.snapshots > 0 && time < state.summary.last) {
    return RowWriter::WriteAside(profile);
  }
  if (!state.writer) LoadWriter(state, target);
  if (state.writer->chain().row_count() >= options_.rows_per_chain) state.writer->EndChain();
  return state.writer->Write(time, profile);
}

Result<void> RocksStore::AppendTo(TargetState& state, TargetId target, Time time,
                                  const HeapProfile& profile) {
  Summary summary = state.summary;
  if (summary.snapshots > 0 && time <= summary.last) {
    const auto there = db_->Get(Family::kRows, RowKey(target, time));
    if (there) return {};
    if (there.error().code != ErrorCode::kNotFound) return Fail(there.error());
  }
  const auto row = WriteRow(state, target, time, profile);
  if (!row) return Fail(row.error());

  rocksdb::WriteBatch batch;
  batch.Put(db_->family(Family::kRows), RowKey(target, time), row->bytes);
  if (auto added = dictionary_.AddMissing(profile, row->new_stacks, batch); !added) {
    state.writer.reset();
    return added;
  }
  if (summary.snapshots == 0) {
    summary.first = summary.last = time;
    batch.Put(DefaultKey(kLabelsPrefix, target), EncodeLabels(state.labels));
  }
  summary.first = std::min(summary.first, time);
  summary.last = std::max(summary.last, time);
  ++summary.snapshots;
  batch.Put(DefaultKey(kSummaryPrefix, target), summary.Encode());
  if (auto written = db_->Write(batch, IsSyncDue()); !written) {
    state.writer.reset();  // it is a row ahead of the disk
    return written;
  }
  state.summary = summary;
  return {};
}

Result<void> RocksStore::Append(const Labels& labels, Time time, const HeapProfile& profile) {
  const TargetId target = TargetId::Of(labels);
  Result<void> appended;
  while (true) {
    const auto state = StateOf(labels);
    const std::lock_guard lock(state->mutex);
    if (state->is_dropped) continue;
    appended = AppendTo(*state, target, time, profile);
    NoteWriterSize(*state);
    break;
  }
  EvictWriters();
  return appended;
}

bool RocksStore::IsSyncDue() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto last = synced_at_.load();
  if (now - std::chrono::steady_clock::duration(last) < options_.sync_interval) return false;
  return synced_at_.compare_exchange_strong(last, now.count()) ||
         options_.sync_interval == Duration(0);
}

void RocksStore::NoteWriterSize(TargetState& state) {
  const std::size_t bytes = state.writer ? state.writer->size_bytes() : 0;
  writer_bytes_ += bytes - state.writer_bytes;
  state.writer_bytes = bytes;
  state.used_at = ++use_count_;
}

// What a target's next row is written against can be read back from disk; those not used for
// longest go first.
void RocksStore::EvictWriters() {
  if (writer_bytes_ <= options_.memory_limit_bytes / 4) return;
  const std::shared_lock lock(targets_mutex_);
  std::vector<std::pair<std::uint64_t, TargetState*>> by_age;
  for (const auto& [id, state] : targets_) {
    const std::unique_lock state_lock(state->mutex, std::try_to_lock);
    if (state_lock && state->writer) by_age.emplace_back(state->used_at, state.get());
  }
  std::sort(by_age.begin(), by_age.end());
  // Down to three quarters, so that not every append has to look again.
  const std::size_t goal = options_.memory_limit_bytes / 16 * 3;
  for (const auto& [age, state] : by_age) {
    if (writer_bytes_ <= goal) return;
    const std::unique_lock state_lock(state->mutex, std::try_to_lock);
    if (!state_lock || !state->writer) continue;
    state->writer.reset();
    writer_bytes_ -= state->writer_bytes;
    state->writer_bytes = 0;
  }
}

std::string RocksStore::Summary::Encode() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.Zigzag(ToUnixMillis(first));
  out.Zigzag(ToUnixMillis(last));
  out.Varint(snapshots);
  return bytes;
}

Result<std::vector<StoredTarget>> RocksStore::Targets() const {
  const std::shared_lock lock(targets_mutex_);
  std::vector<StoredTarget> targets;
  for (const auto& [id, state] : targets_) {
    const std::lock_guard state_lock(state->mutex);
    const Summary& summary = state->summary;
    if (summary.snapshots == 0) continue;
    targets.push_back({id, state->labels, summary.first, summary.last, summary.snapshots});
  }
  std::sort(targets.begin(), targets.end(),
            [](const StoredTarget& a, const StoredTarget& b) { return a.id < b.id; });
  return targets;
}

Result<HeapProfile> RocksStore::ProfileAt(TargetId target, Time at) const {
  const auto state = Find(target);
  if (!state) return Fail(state.error());
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  RowScan scan(*db_, snapshot.snapshot(), target, at);
  const auto found = scan.SeekToLast();
  if (!found) return Fail(found.error());
  if (!*found) {
    return Fail(ErrorCode::kNotFound, "target " + target.ToString() +
                                          " has no snapshot at or before " + FormatRfc3339(at));
  }
  return dictionary_.Rebuild(scan.chain(), scan.time());
}

Result<std::vector<SnapshotInfo>> RocksStore::Snapshots(TargetId target, Time from, Time to) const {
  const auto state = Find(target);
  if (!state) return Fail(state.error());
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  RowScan scan(*db_, snapshot.snapshot(), target, to);
  std::vector<SnapshotInfo> snapshots;
  auto at = scan.Seek(from);
  for (; at && *at; at = scan.Next()) snapshots.push_back(Summarize(scan));
  if (!at) return Fail(at.error());
  return snapshots;
}

Result<SiteWindow> RocksStore::Window(TargetId target, Time from, Time to,
                                      const SiteAttributor& attributor) const {
  const auto state = Find(target);
  if (!state) return Fail(state.error());
  rocksdb::ManagedSnapshot snapshot(&db_->db());
  RowScan scan(*db_, snapshot.snapshot(), target, to);
  auto window = ReadWindow(scan, from, attributor, dictionary_);
  if (window) window->version = Get((*state)->labels, "version");
  return window;
}

Result<void> RocksStore::DropBefore(TargetState& state, TargetId target, Time oldest) {
  const std::lock_guard lock(state.mutex);
  if (state.is_dropped || state.summary.snapshots == 0 || state.summary.first >= oldest) return {};
  // The rows from here on need no row before.
  std::string keep = TargetPrefix(target) + std::string(8, '\xff');
  Summary summary;
  RowScan scan(*db_, nullptr, target);
  auto found = scan.Seek(oldest);
  const Time first_kept = scan.time();
  while (found && *found && scan.is_aside()) found = scan.Next();
  if (!found) return Fail(found.error());
  if (*found) {
    summary = state.summary;
    summary.first = std::min(first_kept, scan.chain_start());
    keep = RowKey(target, summary.first);
  }
  rocksdb::WriteBatch batch;
  std::size_t dropped = 0;
  const std::unique_ptr<rocksdb::Iterator> rows(
      db_->db().NewIterator(rocksdb::ReadOptions(), db_->family(Family::kRows)));
  for (rows->Seek(TargetPrefix(target)); rows->Valid() && rows->key().compare(keep) < 0;
       rows->Next())
    ++dropped;
  if (!rows->status().ok()) return Fail(db_->ErrorOf(rows->status(), "reading"));
  if (dropped == 0) return {};
  batch.DeleteRange(db_->family(Family::kRows), TargetPrefix(target), keep);
  if (*found) {
    summary.snapshots -= std::min(dropped, summary.snapshots);
    batch.Put(DefaultKey(kSummaryPrefix, target), summary.Encode());
  } else {
    batch.Delete(DefaultKey(kSummaryPrefix, target));
    batch.Delete(DefaultKey(kLabelsPrefix, target));
  }
  if (auto written = db_->Write(batch, false); !written) return written;
  state.summary = summary;
  if (!*found) {
    state.is_dropped = true;
    state.writer.reset();
    NoteWriterSize(state);
  }
  return {};
}

Result<void> RocksStore::DropBefore(Time oldest) {
  std::vector<std::pair<TargetId, std::shared_ptr<TargetState>>> all;
  {
    const std::shared_lock lock(targets_mutex_);
    all.assign(targets_.begin(), targets_.end());
  }
  Result<void> result;
  for (const auto& [target, state] : all) {
    auto dropped = DropBefore(*state, target, oldest);
    if (!dropped) result = dropped;  // one target's damage must not keep the others' past
  }
  const std::unique_lock lock(targets_mutex_);
  std::erase_if(targets_, [](const auto& entry) {
    const std::lock_guard state_lock(entry.second->mutex);
    return entry.second->is_dropped;
  });
  return result;
}

Result<void> RocksStore::Compact() { return db_->Compact(); }

Result<void> RocksStore::PutState(std::string_view name, std::string_view blob) {
  rocksdb::WriteBatch batch;
  batch.Put(std::string(kStatePrefix) + std::string(name), std::string(blob));
  return db_->Write(batch, true);
}

Result<std::optional<std::string>> RocksStore::GetState(std::string_view name) const {
  auto blob = db_->Get(Family::kDefault, std::string(kStatePrefix) + std::string(name));
  if (blob) return std::optional(std::move(*blob));
  if (blob.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return Fail(blob.error());
}

}  // namespace heapwatch
