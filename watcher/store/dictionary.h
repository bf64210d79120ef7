// The dictionary of stacks and functions in the store, with what has been decoded of it, and the
// sites named from it, kept in memory within bounds. Any thread.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
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
  Dictionary(const RocksDb& db, std::size_t memory_limit_bytes)
      : db_(db), memory_limit_bytes_(memory_limit_bytes) {}

  // Adds to the batch what the store does not know yet of these stacks of the profile.
  Result<void> AddMissing(const HeapProfile& profile, std::span<const StackId> stacks,
                          rocksdb::WriteBatch& batch) const;

  // The profile of a moment. kCorrupt where a stack is missing.
  Result<HeapProfile> Rebuild(const Moment& moment);

  // The site of each stack.
  Result<std::vector<std::shared_ptr<const Site>>> Sites(std::span<const ContentHash> stacks,
                                                         const SiteAttributor& attributor);

 private:
  // Makes sure that the table has these stacks; under the lock.
  Result<void> Load(std::span<const ContentHash> stacks);

  const RocksDb& db_;
  const std::size_t memory_limit_bytes_;
  std::mutex mutex_;
  StackTable table_;
  // Sites as one attributor names them; another one starts anew.
  std::uint64_t attributor_serial_ = 0;
  std::unordered_map<ContentHash, std::shared_ptr<const Site>> sites_;
};

}  // namespace heapwatch
