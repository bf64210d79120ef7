#include "analysis/series/segment.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace heapwatch {

const HeapProfile& SegmentFrame::head_at(std::size_t snapshot) const {
  const auto next = std::upper_bound(heads.begin(), heads.end(), snapshot,
                                     [](std::size_t n, const Head& head) { return n < head.from; });
  return *std::prev(next)->profile;
}

void SegmentBuilder::Add(Time time, const RowChain& chain) {
  SegmentFrame& frame = segment_.frame_;
  if (frame.heads.empty() || head_ != chain.head()) {
    head_ = chain.head();
    frame.heads.push_back(
        {frame.times.size(), std::make_shared<const HeapProfile>(chain.head_profile())});
  }
  frame.times.push_back(time);
  frame.resident_bytes.push_back(chain.resident_bytes());
  while (frame.series.size() < chain.series_count()) {
    frame.series.push_back(chain.series(frame.series.size()));
  }
  SegmentChanges::Row& row = segment_.rows_.emplace_back();
  if (frame.times.size() > 1 && chain.row_count() == row_count_ + 1) {
    row.series = chain.changed();
  } else {
    row.series.resize(chain.series_count());
    std::iota(row.series.begin(), row.series.end(), 0U);
  }
  row.values.reserve(row.series.size() * frame.column_count());
  for (const std::uint32_t series : row.series) {
    const auto values = chain.values(series);
    row.values.insert(row.values.end(), values.begin(), values.end());
  }
  row_count_ = chain.row_count();
}

// Sorts the changes by series.
SegmentChanges SegmentBuilder::Finish() && {
  std::vector<std::size_t>& ends = segment_.ends_;
  ends.assign(segment_.frame_.series.size() + 1, 0);
  for (const SegmentChanges::Row& row : segment_.rows_) {
    for (const std::uint32_t series : row.series) ++ends[series + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  segment_.changes_.resize(ends.back());
  std::vector<std::size_t> next(ends.begin(), std::prev(ends.end()));
  for (std::uint32_t t = 0; t < segment_.rows_.size(); ++t) {
    std::uint32_t place = 0;
    for (const std::uint32_t series : segment_.rows_[t].series) {
      segment_.changes_[next[series]++] = {t, place++};
    }
  }
  return std::move(segment_);
}

// From change to change.
void SegmentChanges::Fill(std::size_t series, std::span<std::int64_t> columns) const {
  const std::size_t width = frame_.times.size();
  const std::size_t count = frame_.column_count();
  const bool is_changed = ends_[series] < ends_[series + 1];
  const std::size_t before = is_changed ? changes_[ends_[series]].snapshot : width;
  for (std::size_t c = 0; c < count; ++c) std::fill_n(&columns[c * width], before, 0);
  for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
    const std::size_t from = changes_[i].snapshot;
    const std::int64_t* const values = &rows_[from].values[changes_[i].place * count];
    const std::size_t to = i + 1 < ends_[series + 1] ? changes_[i + 1].snapshot : width;
    // Mostly one snapshot or a few: a call to fill them would cost more.
    for (std::size_t c = 0; c < count; ++c) {
      for (std::size_t t = from; t < to; ++t) columns[c * width + t] = values[c];
    }
  }
}

void SegmentChanges::ForEachSeries(const UseSeries& use, const SeriesList* only) const {
  std::vector<std::int64_t> columns(frame_.column_count() * frame_.times.size());
  const std::size_t count = only != nullptr ? only->size() : frame_.series.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t series = only != nullptr ? (*only)[i] : i;
    Fill(series, columns);
    use(series, columns);
  }
}

}  // namespace heapwatch
