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
  if (frame_.heads.empty() || head_ != chain.head()) {
    head_ = chain.head();
    frame_.heads.push_back(
        {frame_.times.size(), std::make_shared<const HeapProfile>(chain.head_profile())});
  }
  frame_.times.push_back(time);
  while (frame_.series.size() < chain.series_count()) {
    frame_.series.push_back(chain.series(frame_.series.size()));
  }
  const auto add = [&](std::uint32_t series) {
    const auto values = chain.values(series);
    changed_.push_back(series);
    values_.insert(values_.end(), values.begin(), values.end());
  };
  if (frame_.times.size() > 1 && chain.row_count() == row_count_ + 1) {
    for (const std::uint32_t series : chain.changed()) add(series);
  } else {
    for (std::uint32_t series = 0; series < chain.series_count(); ++series) add(series);
  }
  row_count_ = chain.row_count();
  change_ends_.push_back(changed_.size());
}

// Sorts the changes by series.
SegmentChanges SegmentBuilder::Finish() && {
  SegmentChanges segment;
  segment.frame_ = std::move(frame_);
  segment.values_ = std::move(values_);
  std::vector<std::size_t>& ends = segment.ends_;
  ends.resize(segment.frame_.series.size() + 1, 0);
  for (const std::uint32_t series : changed_) ++ends[series + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  segment.changes_.resize(changed_.size());
  std::vector<std::size_t> next(ends.begin(), std::prev(ends.end()));
  for (std::size_t t = 0, i = 0; t < segment.frame_.times.size(); ++t) {
    for (; i < change_ends_[t]; ++i) {
      segment.changes_[next[changed_[i]]++] = {static_cast<std::uint32_t>(t),
                                               static_cast<std::uint32_t>(i)};
    }
  }
  return segment;
}

// From change to change; `columns` are zero before the first.
void SegmentChanges::Fill(std::size_t series, std::int64_t* columns) const {
  const std::size_t width = frame_.times.size();
  const std::size_t count = frame_.column_count();
  for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
    const std::size_t from = changes_[i].snapshot;
    const std::size_t to = i + 1 < ends_[series + 1] ? changes_[i + 1].snapshot : width;
    // Mostly one snapshot or a few: a call to fill them would cost more.
    for (std::size_t c = 0; c < count; ++c) {
      const std::int64_t value = values_[changes_[i].values * count + c];
      for (std::size_t t = from; t < to; ++t) columns[c * width + t] = value;
    }
  }
}

void SegmentChanges::ForEachSeries(const UseSeries& use) const {
  if (frame_.series.empty()) return;
  const std::size_t width = frame_.times.size();
  std::vector<std::int64_t> columns(frame_.column_count() * width);
  for (std::size_t series = 0; series < frame_.series.size(); ++series) {
    const bool is_changed = ends_[series] < ends_[series + 1];
    const std::size_t before = is_changed ? changes_[ends_[series]].snapshot : width;
    for (std::size_t c = 0; c < frame_.column_count(); ++c) {
      std::fill_n(columns.data() + c * width, before, 0);
    }
    Fill(series, columns.data());
    use(series, columns);
  }
}

Segment SegmentChanges::ToSegment() && {
  Segment segment;
  if (!frame_.series.empty()) {
    const std::size_t size = frame_.column_count() * frame_.times.size();
    segment.values.resize(frame_.series.size() * size, 0);
    for (std::size_t series = 0; series < frame_.series.size(); ++series) {
      Fill(series, &segment.values[series * size]);
    }
  }
  segment.frame = std::move(frame_);
  return segment;
}

}  // namespace heapwatch
