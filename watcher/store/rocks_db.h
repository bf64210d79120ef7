// The RocksDB under the store: opening it with bounded memory, its keys, and its errors in our
// words.
//
// After a write that failed nothing more may be written: RocksDB stops the process where a log goes
// on behind a gap. Such a database is closed and opened anew (Reopen) once the disk takes writes
// again.
//
// Column families: `default` for what there is little of, `dictionary` for stacks and functions,
// `rows` for the newest snapshots, `headers` and `blocks` for the older ones. See FORMAT.md.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/strong_id.h"
#include "analysis/base/time.h"
#include "watcher/store/batch.h"
#include "watcher/store/target_id.h"

namespace heapwatch {

enum class Family : std::size_t {
  kDefault = 0,
  kDictionary = 1,
  kRows = 2,
  kHeaders = 3,  // of blocks
  kBlocks = 4,   // all else of them
};
inline constexpr std::size_t kFamilyCount = 5;

// In kDefault of a backup under way: what stops half-way must not pass for a store.
inline constexpr std::string_view kUnfinishedKey = "unfinished_backup";

struct RocksDbOptions {
  std::string path;
  std::size_t memory_limit_bytes;
  bool read_only = false;
  rocksdb::Env* env = nullptr;  // none: the file system
};

class RocksDb {
 public:
  static Result<std::unique_ptr<RocksDb>> Open(const RocksDbOptions& options);
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  // Whether a write has failed, so that only reading goes on.
  bool has_failed() const { return has_failed_; }
  void NoteFailure() { has_failed_ = true; }
  // Whether the disk takes writes: by trying it beside the database.
  Result<void> ProbeDisk() const;
  // Closes the database and opens it anew. Nobody else may be using it meanwhile. Where that fails
  // it is open for reading or, failing that, too, not at all, which CheckOpen tells.
  Result<void> Reopen();
  Result<void> CheckOpen() const;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  // The value of a key; kNotFound where there is none.
  Result<std::string> Get(Family family, std::string_view key) const;
  // One that fails is the last (has_failed).
  Result<void> Write(Batch& batch, bool sync);

  Result<void> Compact();
  // Of snapshots alone: what was deleted of them no longer takes room then. Ends early, and well,
  // where `stop` is set meanwhile.
  Result<void> CompactHistory(std::atomic<bool>* stop);
  Result<void> CompactDictionary(std::atomic<bool>* stop);  // likewise
  Result<void> Flush();

  const std::string& path() const { return path_; }
  // Of the store's files, but for those that are gone once nobody reads them any more.
  std::uint64_t DiskBytes() const;
  std::uint64_t FileBytes(Family family) const;  // without what is still in the log
  std::uint64_t LogBytes() const;                // what is written and in no file of a family yet
  std::uint64_t FreeDiskBytes() const;  // of the disk they are on; all where it does not tell
  std::uint64_t ApproximateBytes(Family family, std::string_view begin, std::string_view end) const;

  // What a status says, and what can be done about it.
  Error ErrorOf(const rocksdb::Status& status, std::string_view what) const;

 private:
  explicit RocksDb(const RocksDbOptions& options) : options_(options), path_(options.path) {}
  Result<void> OpenAs(const RocksDbOptions& options);
  void Close();
  Result<void> Compact(std::initializer_list<Family> families, std::atomic<bool>* stop);

  const RocksDbOptions options_;
  const std::string path_;
  std::atomic<bool> has_failed_ = false;
  std::unique_ptr<rocksdb::DB> db_;  // null: it could not be opened anew
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount> families_ = {};
};

// Keys sort as what they name: by target, then by time. That of a block's header is as a row's,
// with the block's first moment; those of its other parts, the list of its series and its chunks,
// begin with it.
std::string RowKey(TargetId target, Time time);
inline constexpr std::uint32_t kSeriesPart = 0;
constexpr std::uint32_t PartOfChunk(std::size_t chunk) {
  return static_cast<std::uint32_t>(chunk) + 1;
}
std::string BlockKey(TargetId target, Time first, std::uint32_t part);
std::string TargetPrefix(TargetId target);
Time TimeOfRowKey(std::string_view key);     // or of a block's
TargetId TargetOfKey(std::string_view key);  // likewise
std::uint32_t PartOfBlockKey(std::string_view key);
// Kinds of dictionary entries.
inline constexpr char kStackKind = 's';
inline constexpr char kFunctionKind = 'f';
std::string HashKey(char kind, const ContentHash& hash);
ContentHash HashOfKey(std::string_view dictionary_key);
// Numbers with the most significant byte first.
void AppendBigEndian(std::string& out, std::uint64_t number);
std::uint64_t ReadBigEndian(std::string_view bytes);
// For messages.
std::string ToHex(std::string_view bytes);

}  // namespace heapwatch
