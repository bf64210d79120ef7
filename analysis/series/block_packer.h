// Writes a block (block_codec.h) series by series. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/series/block_codec.h"
#include "analysis/series/segment.h"
#include "analysis/series/series_key.h"
#include "analysis/series/unit_columns.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {

class BlockPacker {
 public:
  // The series of `frame`, which must outlive this, are not looked at: they are those that are
  // added. `is_short`: the block is to be joined with those that come after it.
  explicit BlockPacker(const SegmentFrame& frame, bool is_short = false);

  // One that was not added before.
  void Add(const SeriesKey& key, const SeriesColumns& columns);
  PackedBlock Finish() &&;

 private:
  std::uint32_t SizeNumber(const BlockSize& size);
  void EndChunk();

  const SegmentFrame& frame_;
  const bool is_short_;
  const std::vector<ValueUnit> units_;
  std::vector<BlockSize> sizes_;  // of the period they share, hence one for each block bytes
  std::unordered_map<std::int64_t, std::uint32_t> number_of_size_;
  std::vector<ContentHash> stacks_;
  std::vector<std::uint32_t> size_of_stack_;
  std::string lengths_;  // of the chunk that is being filled
  std::string plain_;
  std::vector<std::uint32_t> chunk_ends_;
  PackedBlock block_;
};

}  // namespace heapwatch
