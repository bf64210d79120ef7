#include "watcher/store/garbage.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analysis/series/block_codec.h"
#include "analysis/series/block_format.h"
#include "analysis/series/row_codec.h"

namespace heapwatch {
namespace {

// Half of a hash is enough: two that share it are both kept.
class HashSet {
 public:
  void Add(const ContentHash& hash) {
    hashes_.push_back(hash.low);
    if (hashes_.size() >= limit_) Tidy();
  }
  void Tidy() {
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
    limit_ = std::max<std::size_t>(1U << 16, 2 * hashes_.size());
  }
  bool Has(const ContentHash& hash) const {
    return std::binary_search(hashes_.begin(), hashes_.end(), hash.low);
  }

 private:
  std::vector<std::uint64_t> hashes_;
  std::size_t limit_ = 1U << 16;
};

using Use = std::function<Result<void>(std::string_view key, std::string_view value)>;

Result<void> ForEach(RocksDb& db, const rocksdb::Snapshot* snapshot, Family family,
                     std::string_view prefix, const Use& use) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(db.db().NewIterator(options, db.family(family)));
  for (it->Seek(rocksdb::Slice(prefix.data(), prefix.size()));
       it->Valid() && it->key().ToStringView().starts_with(prefix); it->Next()) {
    if (auto used = use(it->key().ToStringView(), it->value().ToStringView()); !used) return used;
  }
  return it->status().ok() ? Result<void>() : Fail(db.ErrorOf(it->status(), "reading"));
}

// The list of series that stands beside a header; "" where there is none.
Result<std::string> ListBeside(RocksDb& db, const rocksdb::Snapshot* snapshot,
                               std::string_view header_key) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.fill_cache = false;
  std::string list;
  const auto status =
      db.db().Get(options, db.family(Family::kBlocks),
                  BlockKey(TargetOfKey(header_key), TimeOfRowKey(header_key), kSeriesPart), &list);
  if (status.ok() || status.IsNotFound()) return list;
  return Fail(db.ErrorOf(status, "reading"));
}

// What is damaged beyond reading needs no stacks: a row for itself, and a block without its list.
// A block's header may be put back from a backup, so its list holds what it names without it, too.
Result<HashSet> StacksInUse(RocksDb& db) {
  // Packing goes on meanwhile: a header belongs to the list beside which it was written.
  rocksdb::ManagedSnapshot managed(&db.db());
  const rocksdb::Snapshot* const snapshot = managed.snapshot();
  HashSet stacks;
  auto read = ForEach(db, snapshot, Family::kRows, "", [&](std::string_view, std::string_view row) {
    if (const auto preamble = ReadPreamble(row))
      for (const ContentHash& stack : preamble->stacks) stacks.Add(stack);
    return Result<void>();
  });
  if (!read) return Fail(read.error());
  std::unordered_set<ContentHash> lists;  // that have been read
  read = ForEach(db, snapshot, Family::kHeaders, "",
                 [&](std::string_view key, std::string_view bytes) {
                   const auto header = UnpackHeader(bytes);
                   if (header && lists.contains(header->series_hash)) return Result<void>();
                   const auto list = ListBeside(db, snapshot, key);
                   if (!list) return Result<void>(Fail(list.error()));
                   const ContentHash hash = header ? header->series_hash : HashOfSeriesList(*list);
                   const auto series = UnpackSeries(*list, hash);
                   if (!series) return Result<void>();
                   lists.insert(hash);
                   for (const SeriesKey& of : (*series)->keys) stacks.Add(of.stack);
                   return Result<void>();
                 });
  if (!read) return Fail(read.error());
  stacks.Tidy();
  return stacks;
}

}  // namespace

Result<std::size_t> CollectGarbage(RocksDb& db, Dictionary& dictionary) {
  // Before anything is looked at: what appends ask for from now on stays.
  Dictionary::Collection collection(dictionary);
  const auto stacks = StacksInUse(db);
  if (!stacks) return Fail(stacks.error());
  std::vector<std::string> garbage;
  auto read = ForEach(db, nullptr, Family::kDictionary, std::string_view(&kStackKind, 1),
                      [&](std::string_view key, std::string_view) {
                        if (!stacks->Has(HashOfKey(key))) garbage.emplace_back(key);
                        return Result<void>();
                      });
  if (!read) return Fail(read.error());
  const auto deleted_stacks = collection.Delete(garbage);
  if (!deleted_stacks) return Fail(deleted_stacks.error());
  // Of those that are left, too, which nothing named before but an append has met meanwhile.
  HashSet functions;
  read = ForEach(db, nullptr, Family::kDictionary, std::string_view(&kStackKind, 1),
                 [&](std::string_view, std::string_view entry) {
                   const auto used = FunctionsOf(entry);
                   if (!used) return Result<void>();  // damaged: it can be shown no more
                   for (const ContentHash& function : *used) functions.Add(function);
                   return Result<void>();
                 });
  if (!read) return Fail(read.error());
  functions.Tidy();
  garbage.clear();
  read = ForEach(db, nullptr, Family::kDictionary, std::string_view(&kFunctionKind, 1),
                 [&](std::string_view key, std::string_view) {
                   if (!functions.Has(HashOfKey(key))) garbage.emplace_back(key);
                   return Result<void>();
                 });
  if (!read) return Fail(read.error());
  const auto deleted_functions = collection.Delete(garbage);
  if (!deleted_functions) return Fail(deleted_functions.error());
  return *deleted_stacks + *deleted_functions;
}

}  // namespace heapwatch
