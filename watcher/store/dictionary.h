// The dictionary of stacks and functions in the store, with what has been decoded of it, and the
// sites named from it, kept in memory within bounds. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/rebuild.h"
#include "analysis/series/stack_table.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

class Dictionary {
 public:
  // While one lives, what appends ask for is noted, so that nothing they count on is deleted.
  class Collection {
   public:
    explicit Collection(Dictionary& dictionary);
    ~Collection();
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    // Deletes the entries of these keys but those asked for meanwhile; how many.
    Result<std::size_t> Delete(const std::vector<std::string>& keys);

   private:
    Dictionary& dictionary_;
  };

  Dictionary(RocksDb& db, std::size_t memory_limit_bytes)
      : db_(db), memory_limit_bytes_(memory_limit_bytes) {}

  // To be held from AddMissing until the batch has been written.
  std::shared_lock<std::shared_mutex> KeepFromDeleting() const {
    return std::shared_lock(deleting_mutex_);
  }
  // Adds to the batch what the store does not know yet of these stacks of the profile.
  Result<void> AddMissing(const HeapProfile& profile, std::span<const StackId> stacks,
                          Batch& batch) const;

  // The profile of a moment. kCorrupt where a stack is missing.
  Result<HeapProfile> Rebuild(const Moment& moment);

  // The site of each stack.
  Result<std::vector<std::shared_ptr<const Site>>> Sites(std::span<const ContentHash> stacks,
                                                         const SiteAttributor& attributor);

 private:
  // Makes sure that the table has these stacks; under the lock.
  Result<void> Load(std::span<const ContentHash> stacks);
  // Puts their sites, which must not be twice among them, into sites_; under the lock.
  Result<void> NameSites(std::span<const ContentHash> stacks, const SiteAttributor& attributor);

  // Whether the store has the entry; notes that it was asked for.
  Result<bool> Has(const std::string& key) const;

  RocksDb& db_;
  const std::size_t memory_limit_bytes_;
  std::mutex mutex_;
  StackTable table_;
  // Sites as one attributor names them; another one starts anew.
  std::uint64_t attributor_serial_ = 0;
  std::unordered_map<ContentHash, std::shared_ptr<const Site>> sites_;
  std::size_t site_bytes_ = 0;  // of them, roughly

  mutable std::shared_mutex deleting_mutex_;
  mutable std::mutex asked_mutex_;
  mutable std::optional<std::unordered_set<std::string>> asked_;  // during a collection
};

}  // namespace heapwatch
