// What an operator does with a store from the outside: look at it, look it through for damage, copy
// it. All of it only reads, so that a service may be running on the store; what is seen is the
// store as it was when it was opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"

namespace heapwatch {

struct StoreStat {
  std::size_t targets = 0;
  std::size_t snapshots = 0;
  std::optional<Time> first;
  std::optional<Time> last;
  std::size_t pins = 0;
  std::uint64_t disk_bytes = 0;
  // Of the files alone; what was written last is in the log, of whatever kind it is.
  std::uint64_t dictionary_bytes = 0;
  std::uint64_t row_bytes = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t log_bytes = 0;
};
Result<StoreStat> StatStore(const std::string& path);

struct StoreCheck {
  std::size_t targets = 0;
  std::size_t snapshots = 0;  // that can be read
  std::size_t stacks = 0;
  // Each names the place; nothing: the store is sound.
  std::vector<std::string> damages;
};
// Reads every byte. An error only where the store cannot be opened.
Result<StoreCheck> CheckStore(const std::string& path);

// A copy in a directory that must not exist yet or be empty, and lies neither in the store nor
// around it; it opens as a store once it is whole, and not before. kInvalidArgument, kLimit (disk
// full), kCorrupt (damage that keeps something from being copied).
Result<void> BackUpStore(const std::string& path, const std::string& destination);

}  // namespace heapwatch
