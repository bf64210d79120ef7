#include "watcher/store/dictionary.h"

#include <utility>

#include "analysis/base/attempt.h"

namespace heapwatch {
namespace {

// A site remembered costs about this much beside its texts.
constexpr std::size_t kSiteBytes = 192;

}  // namespace

Dictionary::Collection::Collection(Dictionary& dictionary) : dictionary_(dictionary) {
  const std::unique_lock appends(dictionary_.deleting_mutex_);
  const std::lock_guard lock(dictionary_.asked_mutex_);
  dictionary_.asked_.emplace();
}

Dictionary::Collection::~Collection() {
  const std::lock_guard lock(dictionary_.asked_mutex_);
  dictionary_.asked_.reset();
}

Result<std::size_t> Dictionary::Collection::Delete(const std::vector<std::string>& keys) {
  const std::unique_lock appends(dictionary_.deleting_mutex_);
  const std::lock_guard lock(dictionary_.asked_mutex_);
  Batch batch;
  std::size_t deleted = 0;
  for (const std::string& key : keys) {
    if (dictionary_.asked_->contains(key)) continue;
    batch.Delete(dictionary_.db_.family(Family::kDictionary), key);
    ++deleted;
  }
  if (auto written = dictionary_.db_.Write(batch, false); !written) return Fail(written.error());
  return deleted;
}

Result<bool> Dictionary::Has(const std::string& key) const {
  {
    const std::lock_guard lock(asked_mutex_);
    if (asked_) asked_->insert(key);
  }
  const auto known = db_.Get(Family::kDictionary, key);
  if (known) return true;
  if (known.error().code != ErrorCode::kNotFound) return Fail(known.error());
  return false;
}

Result<void> Dictionary::AddMissing(const HeapProfile& profile, std::span<const StackId> stacks,
                                    Batch& batch) const {
  rocksdb::ColumnFamilyHandle* const family = db_.family(Family::kDictionary);
  std::vector<DictionaryEntry> functions;
  std::vector<ContentHash> function_hashes;
  std::vector<bool> is_written;
  for (const StackId stack : stacks) {
    const std::string key = HashKey(kStackKind, profile.stack_hashes[stack.index()]);
    const auto known = Has(key);
    if (!known) return Fail(known.error());
    if (*known) continue;
    if (functions.empty()) {
      for (const Function& function : profile.functions) {
        functions.push_back(EncodeFunction(function));
        function_hashes.push_back(functions.back().hash);
      }
      is_written.resize(functions.size(), false);
    }
    batch.Put(family, key, EncodeStack(profile, stack, function_hashes));
    for (const LocationId location : profile.stack(stack)) {
      for (const Line& line : profile.lines_of(profile.locations[location.index()])) {
        const std::size_t f = line.function.index();
        if (is_written[f]) continue;
        is_written[f] = true;
        const std::string function_key = HashKey(kFunctionKind, functions[f].hash);
        const auto is_there = Has(function_key);
        if (!is_there) return Fail(is_there.error());
        if (!*is_there) batch.Put(family, function_key, functions[f].bytes);
      }
    }
  }
  return {};
}

Result<void> Dictionary::Load(std::span<const ContentHash> stacks) {
  if (table_.size_bytes() > memory_limit_bytes_) table_ = StackTable();
  const StackTable::FindFunction find_function = [this](const ContentHash& hash) {
    return db_.Get(Family::kDictionary, HashKey(kFunctionKind, hash));
  };
  for (const ContentHash& stack : stacks) {
    if (table_.Has(stack)) continue;
    const std::string key = HashKey(kStackKind, stack);
    const auto entry = db_.Get(Family::kDictionary, key);
    const auto added = Attempt(
        [&] { return entry ? table_.Add(stack, *entry, find_function) : Fail(entry.error()); });
    if (added) continue;
    Error error = added.error();
    if (error.code == ErrorCode::kInternal) table_ = StackTable();  // half of it may be there
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kCorrupt;
    return Fail(error.In("the dictionary's stack " + ToHex(key.substr(1))));
  }
  return {};
}

Result<HeapProfile> Dictionary::Rebuild(const Moment& moment) {
  const std::vector<ContentHash> stacks = StacksOf(moment);
  const std::lock_guard lock(mutex_);
  if (auto loaded = Load(stacks); !loaded) return Fail(loaded.error());
  return RebuildProfile(moment, stacks, table_);
}

Result<void> Dictionary::NameSites(std::span<const ContentHash> stacks,
                                   const SiteAttributor& attributor) {
  if (auto loaded = Load(stacks); !loaded) return loaded;
  const HeapProfile profile = table_.BuildUnmapped(stacks);
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    auto site = std::make_shared<const Site>(attributor.Attribute(profile, StackId(i)));
    site_bytes_ += kSiteBytes + site->function.size() + site->file.size();
    sites_[stacks[i]] = std::move(site);
  }
  return {};
}

Result<std::vector<std::shared_ptr<const Site>>> Dictionary::Sites(
    std::span<const ContentHash> stacks, const SiteAttributor& attributor) {
  const std::lock_guard lock(mutex_);
  if (attributor_serial_ != attributor.serial() || site_bytes_ > memory_limit_bytes_) {
    sites_.clear();
    site_bytes_ = 0;
    attributor_serial_ = attributor.serial();
  }
  std::vector<ContentHash> missing;
  for (const ContentHash& stack : stacks) {
    if (sites_.try_emplace(stack).second) missing.push_back(stack);
  }
  if (!missing.empty()) {
    const auto named = Attempt([&] { return NameSites(missing, attributor); });
    if (!named) {
      for (const ContentHash& stack : missing) sites_.erase(stack);
      return Fail(named.error());
    }
  }
  std::vector<std::shared_ptr<const Site>> sites;
  sites.reserve(stacks.size());
  for (const ContentHash& stack : stacks) sites.push_back(sites_.at(stack));
  return sites;
}

}  // namespace heapwatch
