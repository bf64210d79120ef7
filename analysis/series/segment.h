// A run of snapshots of one target as a table: for each series its values, column by column, over
// all of the moments. What windows are put together from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/series_key.h"
#include "analysis/series/unit_columns.h"

namespace heapwatch {

class SegmentChanges;

// What is known of a run of snapshots before any value is looked at.
struct SegmentFrame {
  // A head and the number of the snapshot it holds from on; the first from 0. All tell the same
  // sample types.
  struct Head {
    std::size_t from;
    std::shared_ptr<const HeapProfile> profile;
  };

  std::vector<Time> times;                                  // rising
  std::vector<std::optional<std::int64_t>> resident_bytes;  // of each snapshot
  std::vector<Head> heads;
  // Tables that follow each other are mostly of the same series, and share the list.
  std::shared_ptr<const std::vector<SeriesKey>> series_list;

  const std::vector<SeriesKey>& series() const { return *series_list; }
  std::size_t column_count() const { return heads.front().profile->sample_types.size(); }
  const HeapProfile& head_at(std::size_t snapshot) const;
};

// Called with each series of a table and its columns, one after the other, over all snapshots.
using UseSeries = std::function<void(std::size_t series, std::span<const std::int64_t> values)>;

// The rows of a chain, or an aside alone, as such a table: its frame is known at once, the values
// are worked out when they are asked for, of the series that are wanted.
class ChainSegment {
 public:
  // In the order of the chain, from its keyframe on. kCorrupt where a row does not follow; the
  // segment is of no use then.
  Result<void> Add(Time time, std::string_view row);
  const SegmentFrame& frame() const { return frame_; }
  // Those in `only`, or all. kCorrupt where a row's changes make no sense, naming its time.
  Result<void> ForEachSeries(const UseSeries& use, const SeriesList* only = nullptr) const;
  // What is returned must not outlive this.
  Result<std::unique_ptr<ColumnSource>> Columns() const;

 private:
  Result<void> Replay(RowChain& chain, SegmentChanges& changes, const SeriesList* only) const;

  std::shared_ptr<std::vector<SeriesKey>> series_ = std::make_shared<std::vector<SeriesKey>>();
  SegmentFrame frame_{{}, {}, {}, series_};
  RowChain chain_;                    // all the rows' series, none of their changes
  std::vector<std::string> changes_;  // row by row
};

}  // namespace heapwatch
