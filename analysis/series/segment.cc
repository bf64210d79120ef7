#include "analysis/series/segment.h"

#include <algorithm>

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
  const auto values = chain.values();
  states_.insert(states_.end(), values.begin(), values.end());
  state_ends_.push_back(states_.size());
}

// Turns the states on their side, in tiles that stay in the cache.
Segment SegmentBuilder::Finish() && {
  constexpr std::size_t kTile = 16;
  Segment segment;
  segment.frame = std::move(frame_);
  if (segment.frame.times.empty()) return segment;
  const std::size_t width = segment.frame.times.size();
  const std::size_t height = segment.frame.series.size() * segment.frame.column_count();
  segment.values.resize(height * width);
  for (std::size_t tile = 0; tile < width; tile += kTile) {
    const std::size_t tile_end = std::min(tile + kTile, width);
    for (std::size_t row = 0; row < height; row += kTile) {
      for (std::size_t t = tile; t < tile_end; ++t) {
        const std::size_t begin = t == 0 ? 0 : state_ends_[t - 1];
        const std::size_t row_end = std::min({row + kTile, height, state_ends_[t] - begin});
        for (std::size_t r = row; r < row_end; ++r) {
          segment.values[r * width + t] = states_[begin + r];
        }
      }
    }
  }
  return segment;
}

}  // namespace heapwatch
