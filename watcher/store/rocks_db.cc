#include "watcher/store/rocks_db.h"

#include <pwd.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <filesystem>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace heapwatch {
namespace {

// Changed whenever older programs could misread what newer ones write.
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "heapwatch 5";

// Beside a running service: the first again at once, each after that this much later.
constexpr int kReadOnlyAttempts = 20;
constexpr auto kReadOnlyWait = std::chrono::milliseconds(10);

constexpr std::array<std::string_view, kFamilyCount> kFamilyNames = {"default", "dictionary",
                                                                     "rows", "headers", "blocks"};

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

// RocksDB would write to a log again by itself once there is room: see RocksDb.
class NoRecovery : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* recovers) override {
    *recovers = false;
  }
};

// Of RocksDB's own: where it does not fit the disk a library with assertions, as Debian's, ends the
// process. What goes wrong is told by a status.
class NoLog : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

rocksdb::DBOptions DatabaseOptions(const RocksDbOptions& wanted) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.db_write_buffer_size = wanted.memory_limit_bytes / 4;
  options.max_total_wal_size = 64U << 20;
  // Read beside a running service, files must be open before they are deleted.
  options.max_open_files = wanted.read_only ? -1 : 512;
  if (wanted.env != nullptr) options.env = wanted.env;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1U << 20;
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoRecovery>());
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const RocksDbOptions& wanted) {
  rocksdb::BlockBasedTableOptions table;
  // In few parts: the index of a file, half a megabyte, is not to take up one of them.
  table.block_cache = rocksdb::NewLRUCache(wanted.memory_limit_bytes / 4, 2);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string_view name : kFamilyNames) {
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size =
        std::clamp<std::size_t>(wanted.memory_limit_bytes / 16, 1U << 20, 32U << 20);
    // Blocks are compressed already, and one chunk of them is to be read without what is beside it.
    const bool has_blocks = name == kFamilyNames[static_cast<std::size_t>(Family::kBlocks)];
    options.compression = has_blocks ? rocksdb::kNoCompression : rocksdb::kZSTD;
    table.block_size = has_blocks ? 4U << 10 : 16U << 10;
    // Files in which much is deleted are rewritten before they would be otherwise.
    options.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(128, 96, 0.5));
    options.max_compaction_bytes = 256U << 20;  // what a compaction may need of the disk meanwhile
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    families.emplace_back(std::string(name), options);
  }
  return families;
}

tl::unexpected<Error> NotAStore(const std::string& path) {
  return Fail(ErrorCode::kWrongFormat, "what is in " + path +
                                           " is a RocksDB database, but not a store of "
                                           "heapwatch; give another directory");
}

tl::unexpected<Error> OfOtherFormat(const std::string& path, const std::string& format) {
  return Fail(ErrorCode::kWrongFormat,
              "the store in " + path + " has the format \"" + format + "\"; this version reads \"" +
                  std::string(kFormat) + "\". Use the version that wrote it, or another directory");
}

// Where families are missing: opening would add them, to another program's database and to a store
// of an older version, which would not know them then. Looks at the one family that all have.
Result<void> CheckFormatOf(const RocksDbOptions& options, const RocksDb& store) {
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly({DatabaseOptions(options), {}}, options.path, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string format;
  if (status.ok()) status = db->Get(rocksdb::ReadOptions(), ToSlice(kFormatKey), &format);
  if (status.ok()) return OfOtherFormat(options.path, format);
  if (!status.IsNotFound()) return Fail(store.ErrorOf(status, "opening"));
  const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(rocksdb::ReadOptions()));
  it->SeekToFirst();
  if (it->Valid() || options.read_only) return NotAStore(options.path);
  return {};  // the start that was to make it was cut short
}

// What RocksDB says of families that are missing or too many is not for operators.
Result<void> CheckFamilies(const RocksDbOptions& options, const RocksDb& store) {
  std::vector<std::string> found;
  const auto status =
      rocksdb::DB::ListColumnFamilies(DatabaseOptions(options), options.path, &found);
  if (!status.ok()) {
    // Nothing there yet; what is wrong otherwise opening will tell.
    if (!options.read_only ||
        !(status.IsNotFound() || status.IsIOError() || status.IsPathNotFound()))
      return {};
    std::error_code error;
    if (std::filesystem::exists(options.path + "/CURRENT", error) || error) return {};
    return Fail(ErrorCode::kNotFound,
                "there is no store in " + options.path + "; --storage.path says where it is");
  }
  const auto is_in = [](const auto& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : found) {
    if (is_in(kFamilyNames, name)) continue;
    return Fail(ErrorCode::kWrongFormat,
                "the store in " + options.path + " has a part \"" + name +
                    "\" that this version does not know. Use the version that wrote it, or another "
                    "directory");
  }
  if (std::all_of(kFamilyNames.begin(), kFamilyNames.end(),
                  [&](std::string_view name) { return is_in(found, name); }))
    return {};
  return CheckFormatOf(options, store);
}

std::vector<std::string> LogsIn(const std::string& path) {
  std::vector<std::string> logs;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
    if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
  return logs;
}

// Beside a running service a file may be merged into another and deleted between the reading of the
// list of files and the opening of them; the next list no longer has it. A log may become a file
// that the list does not have yet, and go: what was in it would be missing, and nothing said.
rocksdb::Status OpenDatabase(const RocksDbOptions& options,
                             std::vector<rocksdb::ColumnFamilyHandle*>* families,
                             rocksdb::DB** db) {
  const auto database = DatabaseOptions(options);
  const auto descriptors = FamilyDescriptors(options);
  if (!options.read_only)
    return rocksdb::DB::Open(database, options.path, descriptors, families, db);
  std::string missing;
  for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
    std::this_thread::sleep_for(attempt * kReadOnlyWait);
    const std::vector<std::string> logs = LogsIn(options.path);
    const auto status =
        rocksdb::DB::OpenForReadOnly(database, options.path, descriptors, families, db);
    if (!status.ok()) {
      const std::string said = status.ToString();
      const bool is_damaged = said == missing;  // the next list has it still
      if (said.find("No such file") == std::string::npos || is_damaged) return status;
      missing = said;
      continue;
    }
    const auto exists = [](const std::string& log) { return std::filesystem::exists(log); };
    if (std::all_of(logs.begin(), logs.end(), exists)) return status;
    for (rocksdb::ColumnFamilyHandle* const family : *families)
      (*db)->DestroyColumnFamilyHandle(family);
    families->clear();
    delete std::exchange(*db, nullptr);
  }
  return rocksdb::Status::TryAgain();
}

// Of the files in a directory whose name's ending is asked for.
template <class IsAskedFor>
std::uint64_t BytesOfFiles(const std::string& path, const IsAskedFor& is_asked_for) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator file(path, error), end; !error && file != end;
       file.increment(error)) {
    if (!is_asked_for(file->path().extension().string())) continue;
    std::error_code gone;  // files come and go meanwhile
    const std::uintmax_t size = file->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

// Whom the directory or a file in it belongs to, other than the user this runs as; "" for none.
std::string OtherOwner(const std::string& path) {
  std::vector<std::string> files = {path};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
    files.push_back(entry.path().string());
  for (const std::string& file : files) {
    struct stat found = {};
    if (stat(file.c_str(), &found) != 0 || found.st_uid == geteuid()) continue;
    const passwd* const user = getpwuid(found.st_uid);
    return user != nullptr ? user->pw_name : '#' + std::to_string(found.st_uid);
  }
  return "";
}

// What may not be read or written, as `said`, and why.
Error NotPermitted(const std::string& path, const std::string& what, const std::string& said) {
  const std::string owner = OtherOwner(path);
  if (owner.empty())
    return {ErrorCode::kUnavailable, what + "cannot be read or written (" + said + ")"};
  return {ErrorCode::kUnavailable, what + "it belongs to another user, " + owner + " (" + said +
                                       "); run this as that user, sudo -u '" + owner +
                                       "', or give the store to this one with chown -R"};
}

}  // namespace

RocksDb::~RocksDb() { Close(); }

void RocksDb::Close() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* const family : families_) {
    db_->DestroyColumnFamilyHandle(family);
  }
  db_->Close().PermitUncheckedError();
  db_.reset();
}

Result<void> RocksDb::OpenAs(const RocksDbOptions& options) {
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = OpenDatabase(options, &families, &db);
  if (!status.ok()) return Fail(ErrorOf(status, "opening"));
  db_.reset(db);
  std::copy(families.begin(), families.end(), families_.begin());
  return {};
}

Result<void> RocksDb::ProbeDisk() const {
  // As much as the first file of a database that is opened may need.
  constexpr std::size_t kProbeBytes = 256U << 10;
  rocksdb::Env& env = options_.env != nullptr ? *options_.env : *rocksdb::Env::Default();
  const std::string name = path_ + "/probe";
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env.NewWritableFile(name, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(kProbeBytes, '\0'));
  if (status.ok()) status = file->Sync();
  file.reset();
  env.DeleteFile(name).PermitUncheckedError();
  if (!status.ok()) return Fail(ErrorOf(status, "writing"));
  return {};
}

Result<void> RocksDb::Reopen() {
  Close();
  if (auto opened = OpenAs(options_); !opened) {
    RocksDbOptions reading = options_;
    reading.read_only = true;
    static_cast<void>(OpenAs(reading));
    return opened;
  }
  has_failed_ = false;
  return {};
}

Result<void> RocksDb::CheckOpen() const {
  if (db_) return {};
  return Fail(ErrorCode::kUnavailable,
              "the store in " + path_ +
                  " could not be opened anew after its disk had failed; that is tried again with "
                  "every snapshot");
}

Error RocksDb::ErrorOf(const rocksdb::Status& status, std::string_view what) const {
  const std::string where = "the store in " + path_ + ", " + std::string(what) + ": ";
  const std::string said = status.ToString();
  if (status.IsTryAgain()) {
    return {
        ErrorCode::kUnavailable,
        where + "a running service changes its files faster than they can be opened; try again"};
  }
  if (status.IsCorruption()) return {ErrorCode::kCorrupt, where + said};
  if (status.IsNoSpace() || said.find("No space left") != std::string::npos) {
    return {ErrorCode::kLimit, where + "the disk is full (" + said + "); free some space"};
  }
  // These may be of the lock's file, too.
  if (said.find("Permission denied") != std::string::npos) return NotPermitted(path_, where, said);
  if (said.find("Read-only file system") != std::string::npos)
    return {ErrorCode::kUnavailable, where + "cannot be written to (" + said + ")"};
  if (said.find("LOCK") != std::string::npos || said.find("lock ") != std::string::npos) {
    return {ErrorCode::kUnavailable,
            where + "another process has it open (" + said +
                "); stop that one or give this one a directory of its own"};
  }
  return {ErrorCode::kUnavailable, where + said};
}

Result<std::unique_ptr<RocksDb>> RocksDb::Open(const RocksDbOptions& options) {
  std::unique_ptr<RocksDb> opened(new RocksDb(options));
  std::error_code error;
  if (!options.read_only) std::filesystem::create_directories(options.path, error);
  if (error) {
    return Fail(ErrorCode::kUnavailable, "the store in " + options.path +
                                             ": the directory cannot be made (" + error.message() +
                                             ")");
  }
  if (auto checked = CheckFamilies(options, *opened); !checked) return Fail(checked.error());
  if (auto open = opened->OpenAs(options); !open) return Fail(open.error());

  const auto format = opened->Get(Family::kDefault, kFormatKey);
  if (!format && format.error().code != ErrorCode::kNotFound) return Fail(format.error());
  if (format && *format != kFormat) return OfOtherFormat(options.path, *format);
  if (opened->Get(Family::kDefault, kUnfinishedKey))
    return Fail(ErrorCode::kWrongFormat, "what is in " + options.path +
                                             " is a backup that was not finished; delete it and "
                                             "make it anew");
  if (!format && !options.read_only) {
    Batch batch;
    batch.Put(ToSlice(kFormatKey), ToSlice(kFormat));
    if (auto written = opened->Write(batch, true); !written) return Fail(written.error());
  }
  return opened;
}

Result<std::string> RocksDb::Get(Family family, std::string_view key) const {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), this->family(family), ToSlice(key), &value);
  if (status.IsNotFound()) return Fail(ErrorCode::kNotFound, "no such key");
  if (!status.ok()) return Fail(ErrorOf(status, "reading"));
  return value;
}

Result<void> RocksDb::Write(Batch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = db_->Write(options, &batch);
  if (status.ok()) return {};
  NoteFailure();
  return Fail(ErrorOf(status, "writing"));
}

Result<void> RocksDb::Compact(std::initializer_list<Family> families, std::atomic<bool>* stop) {
  rocksdb::CompactRangeOptions options;
  options.canceled = stop;
  for (const Family family : families) {
    const auto status = db_->CompactRange(options, this->family(family), nullptr, nullptr);
    if (stop != nullptr && *stop) return {};
    if (!status.ok()) return Fail(ErrorOf(status, "compacting"));
  }
  return {};
}

Result<void> RocksDb::Compact() {
  return Compact(
      {Family::kDefault, Family::kDictionary, Family::kRows, Family::kHeaders, Family::kBlocks},
      nullptr);
}

Result<void> RocksDb::CompactHistory(std::atomic<bool>* stop) {
  return Compact({Family::kRows, Family::kHeaders, Family::kBlocks}, stop);
}

Result<void> RocksDb::CompactDictionary(std::atomic<bool>* stop) {
  return Compact({Family::kDictionary}, stop);
}

Result<void> RocksDb::Flush() {
  const auto status =
      db_->Flush(rocksdb::FlushOptions(), std::vector(families_.begin(), families_.end()));
  if (!status.ok()) return Fail(ErrorOf(status, "flushing"));
  return {};
}

std::uint64_t RocksDb::DiskBytes() const {
  std::uint64_t bytes = 0;
  for (std::size_t family = 0; family < kFamilyCount; ++family) {
    bytes += FileBytes(static_cast<Family>(family));
  }
  return bytes + BytesOfFiles(path_, [](const std::string& ending) { return ending != ".sst"; });
}

std::uint64_t RocksDb::LogBytes() const {
  return BytesOfFiles(path_, [](const std::string& ending) { return ending == ".log"; });
}

std::uint64_t RocksDb::FileBytes(Family family) const {
  std::uint64_t bytes = 0;
  db_->GetIntProperty(this->family(family), rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
  return bytes;
}

std::uint64_t RocksDb::FreeDiskBytes() const {
  std::error_code error;
  const auto space = std::filesystem::space(path_, error);
  return error ? std::numeric_limits<std::uint64_t>::max() : space.available;
}

std::uint64_t RocksDb::ApproximateBytes(Family family, std::string_view begin,
                                        std::string_view end) const {
  const rocksdb::Range range(ToSlice(begin), ToSlice(end));
  std::uint64_t bytes = 0;
  db_->GetApproximateSizes(rocksdb::SizeApproximationOptions(), this->family(family), &range, 1,
                           &bytes)
      .PermitUncheckedError();
  return bytes;
}

void AppendBigEndian(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

std::uint64_t ReadBigEndian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(0, 8)) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

std::string ToHex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<std::uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<std::uint8_t>(byte) & 15];
  }
  return hex;
}

namespace {

// Times before 1970 must sort before those after it.
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

}  // namespace

std::string TargetPrefix(TargetId target) {
  std::string key;
  AppendBigEndian(key, target.value);
  return key;
}

std::string RowKey(TargetId target, Time time) {
  std::string key = TargetPrefix(target);
  AppendBigEndian(key, static_cast<std::uint64_t>(ToUnixMillis(time)) ^ kSignBit);
  return key;
}

std::string BlockKey(TargetId target, Time first, std::uint32_t part) {
  std::string key = RowKey(target, first);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(part >> shift));
  return key;
}

Time TimeOfRowKey(std::string_view key) {
  return FromUnixMillis(static_cast<std::int64_t>(ReadBigEndian(key.substr(8)) ^ kSignBit));
}

std::uint32_t PartOfBlockKey(std::string_view key) {
  std::uint32_t part = 0;
  for (const char byte : key.substr(16)) part = part << 8 | static_cast<std::uint8_t>(byte);
  return part;
}

TargetId TargetOfKey(std::string_view key) { return TargetId{ReadBigEndian(key)}; }

std::string HashKey(char kind, const ContentHash& hash) {
  std::string key(1, kind);
  AppendBigEndian(key, hash.high);
  AppendBigEndian(key, hash.low);
  return key;
}

ContentHash HashOfKey(std::string_view dictionary_key) {
  return {ReadBigEndian(dictionary_key.substr(1)), ReadBigEndian(dictionary_key.substr(9))};
}

}  // namespace heapwatch
