// What goes into the database in one atomic write.
#pragma once

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstddef>

namespace heapwatch {

// RocksDB's, but want of memory is an exception here: in the middle of RocksDB's Put it would end
// the process by an assertion. So the room is there before each.
class Batch : public rocksdb::WriteBatch {
 public:
  using rocksdb::WriteBatch::Delete;
  using rocksdb::WriteBatch::Put;
  rocksdb::Status Put(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                      const rocksdb::Slice& value) override {
    MakeRoom(key.size() + value.size());
    return rocksdb::WriteBatch::Put(family, key, value);
  }
  rocksdb::Status Delete(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) override {
    MakeRoom(key.size());
    return rocksdb::WriteBatch::Delete(family, key);
  }

 private:
  void MakeRoom(std::size_t bytes) {
    constexpr std::size_t kAround = 32;  // type, family and lengths
    const std::size_t needed = rep_.size() + bytes + kAround;
    if (needed > rep_.capacity()) rep_.reserve(std::max(needed, 2 * rep_.capacity()));
  }
};

}  // namespace heapwatch
