// The Store on disk: RocksDB in one directory, which one process at a time may have open for
// writing.
//
// What Append has returned for survives the death of the process at any instant: it stands in
// RocksDB's write-ahead log. It survives the death of the machine, too, once the log has been
// synced, which happens every `sync_interval`, and for states at once. FORMAT.md describes the
// bytes. Any thread; appends of different targets do not wait for each other but for the log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/series/row_codec.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/rocks_db.h"
#include "watcher/store/store.h"
#include "watcher/store/target_record.h"

namespace heapwatch {

struct RocksStoreOptions {
  // Shared out: a quarter each for RocksDB's cache, its write buffers, the dictionary and the
  // targets' newest rows.
  std::size_t memory_limit_bytes = 256U << 20;
  // How much of the newest history a power failure may cost at most. 0: none, each append waits for
  // the disk.
  Duration sync_interval = std::chrono::seconds(5);
  // So many rows of a target are packed into one block. More: fewer bytes; fewer: less to read for
  // one profile.
  std::size_t rows_per_chain = 240;
  // Neither locks nor changes the directory; sees what was there when it was opened. Another
  // process may be writing.
  bool read_only = false;
};

class RocksStore : public Store {
 public:
  // kUnavailable where the directory cannot be made, written or locked; kWrongFormat where a
  // version of another format wrote it.
  static Result<std::unique_ptr<RocksStore>> Open(const std::string& path,
                                                  const RocksStoreOptions& options = {});
  ~RocksStore() override;

  // Rewrites everything as compactly as it can be. Takes a while; reading and appending go on.
  Result<void> Compact();

  Result<void> Append(const Labels& target, Time time, const HeapProfile& profile) override;
  Result<std::vector<StoredTarget>> Targets() const override;
  Result<std::vector<SnapshotInfo>> Snapshots(TargetId target, Time from, Time to) const override;
  Result<HeapProfile> ProfileAt(TargetId target, Time at) const override;
  Result<SiteWindow> Window(TargetId target, Time from, Time to,
                            const SiteAttributor& attributor) const override;
  Result<AgeingReport> Age(const Retention& retention, Time now) override;
  Result<void> PutPin(const Pin& pin) override;
  Result<void> RemovePin(std::string_view id) override;
  Result<std::vector<Pin>> Pins() const override { return pins_.All(); }
  Result<void> PutState(std::string_view name, std::string_view blob) override;
  Result<std::optional<std::string>> GetState(std::string_view name) const override;

 private:
  // All of one target that is kept in memory; its mutex covers the rest of it.
  struct TargetState {
    std::mutex mutex;
    Labels labels;
    TargetSummary summary;
    bool is_dropped = false;  // no longer in targets_: look there again
    std::unique_ptr<RowWriter> writer;
    std::size_t writer_bytes = 0;
    std::uint64_t used_at = 0;
  };

  RocksStore(std::unique_ptr<RocksDb> db, const RocksStoreOptions& options);

  Result<void> LoadTargets();
  Result<void> LoadPins();
  std::shared_ptr<TargetState> StateOf(const Labels& labels);
  Result<std::shared_ptr<TargetState>> Find(TargetId target) const;
  std::vector<std::pair<TargetId, std::shared_ptr<TargetState>>> States() const;
  Result<void> AppendTo(TargetState& state, TargetId target, Time time, const HeapProfile& profile);
  Result<RowWriter::Row> WriteRow(TargetState& state, TargetId target, Time time,
                                  const HeapProfile& profile);
  void LoadWriter(TargetState& state, TargetId target);
  bool IsFull(const RowChain& chain) const;
  Result<bool> HasSnapshot(TargetId target, Time time) const;
  bool IsSyncDue();
  void NoteWriterSize(TargetState& state);
  void EvictWriters();
  // How many snapshots it dropped.
  Result<std::size_t> AgeTarget(TargetState& state, TargetId target, Time oldest, Time now);

  const RocksStoreOptions options_;
  std::unique_ptr<RocksDb> db_;
  mutable Dictionary dictionary_;
  mutable std::shared_mutex targets_mutex_;
  std::unordered_map<TargetId, std::shared_ptr<TargetState>> targets_;
  std::mutex pinning_mutex_;  // a pin is set before a target ages or after; taken before a target's
  PinBoard pins_;
  std::atomic<std::size_t> writer_bytes_ = 0;
  std::atomic<std::uint64_t> use_count_ = 0;
  std::atomic<std::chrono::steady_clock::rep> synced_at_ = 0;
};

}  // namespace heapwatch
