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

// Goes through the changes series by series, and fills each one's columns from change to change.
Segment SegmentBuilder::Finish() && {
  struct Change {
    std::uint32_t snapshot;
    std::uint32_t values;  // the number of its values, in changed_
  };
  Segment segment;
  segment.frame = std::move(frame_);
  if (segment.frame.times.empty()) return segment;
  const std::size_t width = segment.frame.times.size();
  const std::size_t columns = segment.frame.column_count();
  std::vector<std::size_t> ends(segment.frame.series.size() + 1, 0);
  for (const std::uint32_t series : changed_) ++ends[series + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Change> changes(changed_.size());
  std::vector<std::size_t> next(ends.begin(), std::prev(ends.end()));
  for (std::size_t t = 0, i = 0; t < width; ++t) {
    for (; i < change_ends_[t]; ++i) {
      changes[next[changed_[i]]++] = {static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(i)};
    }
  }
  segment.values.resize(segment.frame.series.size() * columns * width);
  for (std::size_t series = 0; series < segment.frame.series.size(); ++series) {
    std::int64_t* const cells = &segment.values[series * columns * width];
    for (std::size_t i = ends[series]; i < ends[series + 1]; ++i) {
      const std::size_t from = changes[i].snapshot;
      const std::size_t to = i + 1 < ends[series + 1] ? changes[i + 1].snapshot : width;
      for (std::size_t c = 0; c < columns; ++c) {
        std::fill(cells + c * width + from, cells + c * width + to,
                  values_[changes[i].values * columns + c]);
      }
    }
  }
  return segment;
}

}  // namespace heapwatch
