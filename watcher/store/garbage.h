// Finds what the dictionary holds that no row and no block names any more.
#pragma once

#include <cstddef>

#include "analysis/base/error.h"
#include "watcher/store/dictionary.h"
#include "watcher/store/rocks_db.h"

namespace heapwatch {

// Deletes it; how many stacks and functions went. Appending goes on meanwhile. Where something
// cannot be read nothing is deleted: it might name anything. Reads all block headers.
Result<std::size_t> CollectGarbage(RocksDb& db, Dictionary& dictionary);

}  // namespace heapwatch
