// A segment packed for keeping: a header, the list of its series, which blocks that follow each
// other mostly have in common, and chunks of a few series each, so that one site can be read
// without the others. watcher/store/FORMAT.md describes the bytes.
//
// Each column of a series, or the count of sampled objects behind two of them (value_coding.h), is
// a stream of steps from one snapshot to the next with the runs of zeros told by their length; the
// streams of a chunk are compressed together (zstd). Errors: kCorrupt, saying what does not make
// sense. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/series/segment.h"
#include "analysis/series/unit_columns.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {

struct PackedBlock {
  std::string header;
  std::string series;
  std::vector<std::string> chunks;
};

struct BlockSeries {
  std::vector<SeriesKey> keys;
  std::vector<BlockSize> sizes;  // of each
};

struct BlockHeader {
  bool is_short = false;
  SegmentFrame frame;  // without its series until SetSeries
  ContentHash series_hash;
  std::shared_ptr<const BlockSeries> series;
  std::vector<ValueUnit> units;

  std::vector<std::uint32_t> chunk_ends;  // one past the last series of each

  std::size_t series_count() const { return chunk_ends.empty() ? 0 : chunk_ends.back(); }
  std::size_t chunk_count() const { return chunk_ends.size(); }
  std::size_t chunk_begin(std::size_t chunk) const {
    return chunk == 0 ? 0 : chunk_ends[chunk - 1];
  }
  std::size_t ChunkOf(std::size_t number) const;
  // Those of the hash, from this block or another.
  Result<void> SetSeries(std::shared_ptr<const BlockSeries> list);
};

Result<BlockHeader> UnpackHeader(std::string_view bytes);
// `hash`: what the header says of it.
Result<std::shared_ptr<const BlockSeries>> UnpackSeries(std::string_view bytes,
                                                        const ContentHash& hash);

// Calls `use` with each series of the chunk, or those in `only`. The header has its series.
Result<void> UnpackChunk(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         const UseSeries& use, const SeriesList* only = nullptr);

// The same, but of one snapshot only: `values` has one value per column.
Result<void> UnpackChunkAt(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                           std::size_t snapshot, const UseSeries& use);

// The columns of a block.
class BlockColumns : public ColumnSource {
 public:
  // The header has its series, and must outlive this.
  explicit BlockColumns(const BlockHeader& header) : header_(header) {}
  // All of the chunks in order.
  Result<void> Add(std::string_view bytes);
  bool Read(std::size_t series, SeriesColumns& columns) const override;

 private:
  const BlockHeader& header_;
  std::deque<std::string> plain_;         // chunks
  std::vector<std::string_view> series_;  // in them
};

}  // namespace heapwatch
