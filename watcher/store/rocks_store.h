// The Store on disk: RocksDB in one directory, which one process at a time may have open for
// writing.
//
// What Append has returned for survives the death of the process at any instant: it stands in
// RocksDB's write-ahead log. It survives the death of the machine, too, once the log has been
// synced, which happens every `sync_interval`, and for states at once. FORMAT.md describes the
// bytes. Any thread; appends of different targets do not wait for each other but for the log.
//
// Where the disk fails, what is to be kept is refused and what was kept can be read; every append
// tries whether the disk works again, and goes on where it does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "analysis/series/row_codec.h"
#include "watcher/store/ageing.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/history.h"
#include "watcher/store/rocks_db.h"
#include "watcher/store/store.h"
#include "watcher/store/target_table.h"

namespace heapwatch {

struct RocksStoreOptions {
  // Shared out: a quarter each for RocksDB's cache, its write buffers, the dictionary and the
  // targets' newest rows.
  std::size_t memory_limit_bytes = 256U << 20;
  // How much of the newest history a power failure may cost at most. 0: none, each append waits for
  // the disk.
  Duration sync_interval = std::chrono::seconds(5);
  // So many rows of a target are packed into a short block. More: fewer bytes are written; fewer:
  // less is read row by row.
  std::size_t rows_per_chain = 60;
  // Short blocks are joined to one of so many snapshots. More: fewer bytes; fewer: less to read for
  // one profile.
  std::size_t snapshots_per_block = 240;
  // Neither locks nor changes the directory; sees what was there when it was opened. Another
  // process may be writing.
  bool read_only = false;
  // Where files come from; none: the file system. Not owned.
  rocksdb::Env* env = nullptr;
};

class RocksStore : public Store {
 public:
  // kUnavailable where the directory cannot be made, written or locked; kWrongFormat where a
  // version of another format wrote it.
  static Result<std::unique_ptr<RocksStore>> Open(const std::string& path,
                                                  const RocksStoreOptions& options = {});
  ~RocksStore() override;

  RocksDb& db() { return *db_; }  // for looking at it from the outside

  // Rewrites everything as compactly as it can be. Takes a while; reading and appending go on. What
  // cannot be read stays as it is, and is told once the rest is done.
  Result<void> Compact();

  Result<void> Append(const Labels& target, Time time, const HeapProfile& profile) override;
  Result<std::vector<StoredTarget>> Targets() const override;
  Result<std::vector<SnapshotInfo>> Snapshots(TargetId target, Time from, Time to) const override;
  Result<HeapProfile> ProfileAt(TargetId target, Time at) const override;
  Result<SiteWindow> Window(TargetId target, Time from, Time to,
                            const SiteAttributor& attributor) const override;
  Result<SomeSeries> Series(TargetId target, Time from, Time to, const SiteAttributor& attributor,
                            const SiteFilter& wanted) const override;
  Result<AgeingReport> Age(const Retention& retention, Time now) override;
  Result<void> PutPin(const Pin& pin) override;
  Result<void> RemovePin(std::string_view id) override;
  Result<std::vector<Pin>> Pins() const override { return pins_.All(); }
  Result<void> PutState(std::string_view name, std::string_view blob) override;
  Result<std::optional<std::string>> GetState(std::string_view name) const override;

 private:
  RocksStore(std::unique_ptr<RocksDb> db, const RocksStoreOptions& options);

  // To be held while the database is used: it is opened anew only when nobody uses it.
  Result<std::shared_lock<std::shared_mutex>> Use() const;
  Result<std::shared_lock<std::shared_mutex>> UseForWriting();
  // What `read` makes of the stored history of a target from one moment to the other.
  template <class Read>
  std::invoke_result_t<Read, const History&, const OpenTarget&> WithHistory(TargetId target,
                                                                            Time from, Time to,
                                                                            const Read& read) const;
  Result<void> LoadTargets();
  Result<void> LoadPins();
  Result<void> AppendTo(OpenTarget& state, TargetId target, Time time, const HeapProfile& profile);
  Result<RowWriter::Row> WriteRow(OpenTarget& state, TargetId target, Time time,
                                  const HeapProfile& profile);
  void LoadWriter(OpenTarget& state, TargetId target, Time time);
  Result<std::optional<Time>> EndOfGap(const OpenTarget& state, TargetId target, Time time) const;
  Result<void> NotePacked(OpenTarget& state, TargetId target);
  bool IsFull(const RowChain& chain) const;
  Result<bool> HasSnapshot(TargetId target, Time time) const;
  bool IsSyncDue();

  const RocksStoreOptions options_;
  mutable std::shared_mutex use_mutex_;  // of what db_ points to
  std::unique_ptr<RocksDb> db_;
  mutable Dictionary dictionary_;
  TargetTable targets_;
  std::mutex pinning_mutex_;
  PinBoard pins_;
  std::mutex ageing_mutex_;  // also of whoever tidies the dictionary
  Ageing ageing_;
  std::atomic<bool> is_out_of_room_ = false;
  std::atomic<std::chrono::steady_clock::rep> synced_at_ = 0;
};

}  // namespace heapwatch
