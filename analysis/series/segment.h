// A run of snapshots of one target as a table: for each series its values, column by column, over
// all of the moments. What rows are turned into before they are packed into a block, and what
// windows are put together from. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/series_key.h"

namespace heapwatch {

// What is known of a run of snapshots before any value is looked at.
struct SegmentFrame {
  // A head and the number of the snapshot it holds from on; the first from 0. All tell the same
  // sample types.
  struct Head {
    std::size_t from;
    std::shared_ptr<const HeapProfile> profile;
  };

  std::vector<Time> times;  // rising
  std::vector<std::optional<std::int64_t>> resident_bytes;  // of each snapshot
  std::vector<Head> heads;
  std::vector<SeriesKey> series;

  std::size_t column_count() const { return heads.front().profile->sample_types.size(); }
  const HeapProfile& head_at(std::size_t snapshot) const;
};

// Called with each series of a table and its columns, one after the other, over all snapshots.
using UseSeries = std::function<void(std::size_t series, std::span<const std::int64_t> values)>;

// Which series of a table are meant: their numbers, rising.
using SeriesList = std::vector<std::uint32_t>;

struct Segment {
  SegmentFrame frame;
  std::vector<std::int64_t> values;  // series x columns x snapshots

  // All columns of one series, one after the other.
  std::span<const std::int64_t> values_of(std::size_t series) const {
    const std::size_t size = frame.column_count() * frame.times.size();
    return std::span(values).subspan(series * size, size);
  }
};

// The same, kept as what changed from snapshot to snapshot: mostly a small part of the table.
class SegmentChanges {
 public:
  const SegmentFrame& frame() const { return frame_; }
  // Those in `only`, or all.
  void ForEachSeries(const UseSeries& use, const SeriesList* only = nullptr) const;

 private:
  friend class SegmentBuilder;

  // One snapshot: the series that changed, and all of their values.
  struct Row {
    std::vector<std::uint32_t> series;
    std::vector<std::int64_t> values;
  };
  struct Change {
    std::uint32_t snapshot;
    std::uint32_t place;  // among those of the snapshot
  };

  void Fill(std::size_t series, std::span<std::int64_t> columns) const;

  SegmentFrame frame_;
  std::vector<Row> rows_;
  std::vector<Change> changes_;    // series by series, each in the order of time
  std::vector<std::size_t> ends_;  // where those of series n - 1 end and those of n begin
};

// Collects the states a chain goes through.
class SegmentBuilder {
 public:
  // After `chain` has been taken to its state at `time`; every snapshot of the segment in order, of
  // one chain.
  void Add(Time time, const RowChain& chain);
  SegmentChanges Finish() &&;

 private:
  SegmentChanges segment_;
  std::string head_;
  std::size_t row_count_ = 0;  // of the chain when it was last looked at
};

}  // namespace heapwatch
