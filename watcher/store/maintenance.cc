#include "watcher/store/maintenance.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "analysis/series/block_codec.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/stack_table.h"
#include "watcher/store/pin.h"
#include "watcher/store/rocks_db.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

constexpr std::size_t kCacheBytes = 64U << 20;
// Of a copy's unwritten part, and of the stacks a check remembers decoded.
constexpr std::size_t kBatchBytes = 4U << 20;
constexpr std::size_t kTableBytes = 64U << 20;
// A store with more damages than this is told by the first of them.
constexpr std::size_t kMaxDamages = 1000;

std::unique_ptr<rocksdb::Iterator> Iterate(RocksDb& db, Family family) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db.db().NewIterator(options, db.family(family)));
  it->SeekToFirst();
  return it;
}

// Looks through a store, and goes on after damage.
class Checker {
 public:
  explicit Checker(RocksDb& db) : db_(db) {}

  StoreCheck Check() && {
    CheckRecords();
    CheckRows();
    CheckBlocks();
    check_.targets = targets_.size();
    check_.stacks = stacks_.size();
    return std::move(check_);
  }

 private:
  void Damaged(std::string what) {
    if (check_.damages.size() < kMaxDamages) check_.damages.push_back(std::move(what));
  }
  void Damaged(std::string_view where, const Error& error) {
    Damaged(Error(error).In(where).message);
  }
  void EndOf(const rocksdb::Iterator& it, std::string_view family) {
    if (!it.status().ok()) Damaged(db_.ErrorOf(it.status(), family).message);
  }

  void CheckRecords() {
    const auto it = Iterate(db_, Family::kDefault);
    for (; it->Valid(); it->Next()) {
      const std::string_view key = it->key().ToStringView();
      if (key.starts_with("pin/") && !DecodePin(it->value().ToStringView())) {
        Damaged("the pin \"" + std::string(key.substr(4)) + "\" does not make sense");
      }
    }
    EndOf(*it, "records");
    const auto records = ReadTargetRecords(db_);
    if (!records) return Damaged(records.error().message);
    for (const auto& [target, record] : *records) {
      targets_.insert(target.value);
      if (!record.is_summary_sound) {
        Damaged("target " + target.ToString() + ": its summary does not make sense");
      }
    }
  }

  static std::string Place(std::string_view kind, std::string_view key) {
    return "target " + TargetOfKey(key).ToString() + ", the " + std::string(kind) + " of " +
           FormatRfc3339(TimeOfRowKey(key)) + " (" + ToHex(key) + ")";
  }

  // After damage the rest of the chain cannot be read; that is told once, as is a keyframe that is
  // missing.
  void CheckRows() {
    RowChain chain;
    std::string keyframe;  // the key of the chain's
    bool is_readable = false;
    std::unordered_set<std::string> known;  // keyframes that were met or told
    const auto it = Iterate(db_, Family::kRows);
    for (; it->Valid(); it->Next()) {
      const std::string key = it->key().ToString();
      const std::string_view row = it->value().ToStringView();
      const auto preamble = ReadPreamble(row);
      if (!preamble) {
        Damaged(Place("snapshot", key), preamble.error());
        known.insert(key);  // it may have been one
        is_readable = false;
        continue;
      }
      RowChain aside;
      if (preamble->kind == RowKind::kKeyframe) {
        chain = RowChain();
        keyframe = key;
        known.insert(key);
        is_readable = true;
      } else if (preamble->kind == RowKind::kDelta) {
        const Time start = TimeOfRowKey(key) - preamble->since_chain_start;
        const std::string goes_on_from = RowKey(TargetOfKey(key), start);
        if (known.insert(goes_on_from).second) {
          Damaged(Place("snapshot", key) + ": the keyframe that it goes on from, of " +
                  FormatRfc3339(start) + ", is missing");
        }
        if (!is_readable || goes_on_from != keyframe) continue;
      }
      const bool is_aside = preamble->kind == RowKind::kAside;
      if (const auto applied = (is_aside ? aside : chain).Apply(row); !applied) {
        Damaged(Place("snapshot", key), applied.error());
        if (!is_aside) is_readable = false;
        continue;
      }
      for (const ContentHash& stack : preamble->stacks) CheckStack(stack, key);
      ++check_.snapshots;
    }
    EndOf(*it, "rows");
  }

  // Headers and the parts of blocks are in the same order.
  void CheckBlocks() {
    const auto headers = Iterate(db_, Family::kHeaders);
    const auto parts = Iterate(db_, Family::kBlocks);
    for (; headers->Valid(); headers->Next()) {
      const std::string_view key = headers->key().ToStringView();
      CheckOrphans(*parts, key);
      auto header = UnpackHeader(headers->value().ToStringView());
      if (header) {
        CheckSeriesOf(*header, key);
        check_.snapshots += header->frame.times.size();
      } else {
        Damaged(Place("block", key), header.error());
      }
      CheckChunks(*parts, key, header ? &*header : nullptr);
    }
    CheckOrphans(*parts, std::nullopt);
    EndOf(*headers, "headers");
    EndOf(*parts, "blocks");
  }

  // Parts without a header, up to those of the next one; each block is told once.
  void CheckOrphans(rocksdb::Iterator& parts, std::optional<std::string_view> next_header) {
    std::string told;
    for (; parts.Valid() && (!next_header || parts.key().ToStringView() < *next_header);
         parts.Next()) {
      const std::string_view key = parts.key().ToStringView();
      if (!told.empty() && key.starts_with(told)) continue;
      told = key.substr(0, key.size() - sizeof(kSeriesPart));
      Damaged(Place("block", key) + ": its header is missing");
    }
  }

  // The parts with this key in front; `header` where it could be read.
  void CheckChunks(rocksdb::Iterator& parts, std::string_view block, const BlockHeader* header) {
    std::size_t chunk = 0;
    for (; parts.Valid() && parts.key().ToStringView().starts_with(block); parts.Next()) {
      const std::string_view key = parts.key().ToStringView();
      if (header == nullptr || PartOfBlockKey(key) == kSeriesPart) continue;
      if (header->series && chunk < header->chunk_count()) {
        const auto read = UnpackChunk(*header, chunk, parts.value().ToStringView(),
                                      [](std::size_t, std::span<const std::int64_t>) {});
        if (!read) Damaged(Place("block", key), read.error());
      }
      ++chunk;
    }
    if (header != nullptr && chunk != header->chunk_count()) {
      Damaged(Place("block", block) + ": chunks are missing from number " + std::to_string(chunk) +
              " on");
    }
  }

  void CheckSeriesOf(BlockHeader& header, std::string_view header_key) {
    const std::string key =
        BlockKey(TargetOfKey(header_key), TimeOfRowKey(header_key), kSeriesPart);
    const auto bytes = db_.Get(Family::kBlocks, key);
    if (!bytes) return Damaged(Place("block", key) + ": its list of series is missing");
    const auto series = UnpackSeries(*bytes, header.series_hash);
    const auto set = series ? header.SetSeries(*series) : Fail(series.error());
    if (!set) return Damaged(Place("block", key), set.error());
    for (const SeriesKey& of : (*series)->keys) CheckStack(of.stack, key);
  }

  void CheckStack(const ContentHash& stack, std::string_view named_by) {
    if (!stacks_.insert(stack).second) return;
    if (table_.size_bytes() > kTableBytes) table_ = StackTable();
    const auto entry = db_.Get(Family::kDictionary, HashKey(kStackKind, stack));
    const auto added =
        entry ? table_.Add(stack, *entry,
                           [this](const ContentHash& function) {
                             return db_.Get(Family::kDictionary, HashKey(kFunctionKind, function));
                           })
              : Fail(entry.error());
    if (!added) {
      Damaged("the dictionary's stack " + ToHex(HashKey(kStackKind, stack).substr(1)) +
                  ", named by " + ToHex(named_by),
              added.error());
    }
  }

  RocksDb& db_;
  StoreCheck check_;
  std::unordered_set<std::uint64_t> targets_;
  std::unordered_set<ContentHash> stacks_;
  StackTable table_;
};

Result<void> CopyFamily(RocksDb& from, RocksDb& to, Family family) {
  Batch batch;
  const auto it = Iterate(from, family);
  for (; it->Valid(); it->Next()) {
    batch.Put(to.family(family), it->key(), it->value());
    if (batch.GetDataSize() < kBatchBytes) continue;
    if (auto written = to.Write(batch, false); !written) return written;
    batch.Clear();
  }
  if (!it->status().ok()) return Fail(from.ErrorOf(it->status(), "reading"));
  return to.Write(batch, false);
}

// Whether the one is the other or in it, by whatever way they are named.
bool IsWithin(const std::string& child, const std::string& parent) {
  std::error_code error;
  const auto inner = std::filesystem::weakly_canonical(std::filesystem::absolute(child), error);
  const auto outer = std::filesystem::weakly_canonical(std::filesystem::absolute(parent), error);
  const auto relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

Result<StoreStat> StatStore(const std::string& path) {
  const auto store = RocksStore::Open(path, {.memory_limit_bytes = kCacheBytes, .read_only = true});
  if (!store) return Fail(store.error());
  const auto targets = (*store)->Targets();
  if (!targets) return Fail(targets.error());
  StoreStat stat;
  for (const StoredTarget& target : *targets) {
    ++stat.targets;
    stat.snapshots += target.snapshots;
    stat.first = std::min(stat.first.value_or(target.first), target.first);
    stat.last = std::max(stat.last.value_or(target.last), target.last);
  }
  stat.pins = (*store)->Pins()->size();
  const RocksDb& db = (*store)->db();
  stat.disk_bytes = db.DiskBytes();
  stat.dictionary_bytes = db.FileBytes(Family::kDictionary);
  stat.row_bytes = db.FileBytes(Family::kRows);
  stat.block_bytes = db.FileBytes(Family::kHeaders) + db.FileBytes(Family::kBlocks);
  stat.log_bytes = db.LogBytes();
  return stat;
}

Result<StoreCheck> CheckStore(const std::string& path) {
  const auto db = RocksDb::Open({path, kCacheBytes, true});
  if (!db) return Fail(db.error());
  return Checker(**db).Check();
}

Result<void> BackUpStore(const std::string& path, const std::string& destination) {
  std::error_code error;
  if (IsWithin(destination, path) || IsWithin(path, destination))
    return Fail(ErrorCode::kInvalidArgument,
                destination + ": a backup may lie neither in the store, " + path +
                    ", nor around it; give a directory beside it");
  if (std::filesystem::exists(destination, error) &&
      !std::filesystem::is_empty(destination, error)) {
    return Fail(ErrorCode::kInvalidArgument,
                destination + ": there is something already; give a directory that does not exist");
  }
  const auto from = RocksDb::Open({path, kCacheBytes, true});
  if (!from) return Fail(from.error());
  const auto to = RocksDb::Open({destination, kCacheBytes});
  if (!to) return Fail(to.error());
  Batch begin;
  begin.Put(std::string(kUnfinishedKey), "");
  if (auto begun = (*to)->Write(begin, true); !begun) return begun;
  for (const Family family :
       {Family::kDictionary, Family::kRows, Family::kHeaders, Family::kBlocks, Family::kDefault}) {
    if (auto copied = CopyFamily(**from, **to, family); !copied) return copied;
  }
  if (auto flushed = (*to)->Flush(); !flushed) return flushed;
  Batch end;
  end.Delete(std::string(kUnfinishedKey));
  return (*to)->Write(end, true);
}

}  // namespace heapwatch
