// Finds what the dictionary holds that no row and no block names any more.
#pragma once

#include <cstddef>

#include "analysis/base/error.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

// Deletes it; how many stacks and functions went. Appending goes on meanwhile. What is damaged
// keeps it from nothing, and a block keeps its stacks as long as the list of its series can be
// read; where the disk cannot be read nothing is deleted. Reads all block headers.
Result<std::size_t> CollectGarbage(RocksDb& db, Dictionary& dictionary);

}  // namespace heapwatch
