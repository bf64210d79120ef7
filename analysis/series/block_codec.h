// A segment packed for keeping: a header that says which series it is of, and chunks of a few
// series each, so that one site can be read without the others. watcher/store/FORMAT.md describes
// the bytes.
//
// Each column of a series, or the count of sampled objects behind two of them (value_coding.h), is
// a stream of steps from one snapshot to the next with the runs of zeros told by their length; the
// streams of a chunk are compressed together (zstd). Errors: kCorrupt, saying what does not make
// sense. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/series/segment.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {

struct PackedBlock {
  std::string header;
  std::vector<std::string> chunks;
};

// `is_short`: it is to be joined with those that come after it.
PackedBlock PackBlock(const Segment& segment, bool is_short = false);

struct BlockHeader {
  bool is_short = false;
  SegmentFrame frame;
  std::vector<BlockSize> size_of_series;
  std::vector<ValueUnit> units;

  std::vector<std::uint32_t> chunk_ends;  // one past the last series of each

  std::size_t chunk_count() const { return chunk_ends.size(); }
  std::size_t chunk_begin(std::size_t chunk) const {
    return chunk == 0 ? 0 : chunk_ends[chunk - 1];
  }
  std::size_t ChunkOf(std::size_t series) const;
};

Result<BlockHeader> UnpackHeader(std::string_view bytes);

// Calls `use` with each series of the chunk, or those in `only`.
Result<void> UnpackChunk(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         const UseSeries& use, const SeriesList* only = nullptr);

// The same, but of one snapshot only: `values` has one value per column.
Result<void> UnpackChunkAt(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                           std::size_t snapshot, const UseSeries& use);

}  // namespace heapwatch
