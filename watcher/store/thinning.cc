#include "watcher/store/thinning.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "analysis/series/profile_head.h"
#include "watcher/store/window_reader.h"

namespace heapwatch {
namespace {

struct Kept {
  std::size_t part;
  std::size_t index;  // of the snapshot in its part
};

// Puts snapshots of several parts, all of the same sample types and sampling period, into one
// segment.
class Merger {
 public:
  Merger(const History& history, std::span<const Kept> kept) : history_(history), kept_(kept) {}

  Result<Segment> Merge() && {
    std::string last_head;
    for (const Kept& snapshot : kept_) {
      const SegmentFrame& frame = history_.frame(snapshot.part);
      std::string head = EncodeHead(frame.head_at(snapshot.index));
      if (segment_.frame.heads.empty() || head != last_head) {
        segment_.frame.heads.push_back(
            {segment_.frame.times.size(),
             std::make_shared<const HeapProfile>(frame.head_at(snapshot.index))});
        last_head = std::move(head);
      }
      segment_.frame.times.push_back(frame.times[snapshot.index]);
      segment_.frame.resident_bytes.push_back(frame.resident_bytes[snapshot.index]);
    }
    std::vector<std::size_t> parts;
    for (const Kept& snapshot : kept_) parts.push_back(snapshot.part);
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    for (const std::size_t part : parts) {
      if (auto added = AddPart(part); !added) return Fail(added.error());
    }
    return std::move(segment_);
  }

 private:
  Result<void> AddPart(std::size_t part) {
    std::vector<std::pair<std::size_t, std::size_t>> cells;  // from the part, to the segment
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (kept_[i].part == part) cells.emplace_back(kept_[i].index, i);
    }
    const SegmentFrame& frame = history_.frame(part);
    return history_.ForEachSeries(
        part, [&](std::size_t series, std::span<const std::int64_t> values) {
          for (std::size_t c = 0; c < frame.column_count(); ++c) {
            const auto column = values.subspan(c * frame.times.size(), frame.times.size());
            std::int64_t* merged = nullptr;
            for (const auto& [from, to] : cells) {
              if (column[from] == 0) continue;
              if (merged == nullptr) merged = Cells(frame.series[series], c);
              merged[to] = column[from];
            }
          }
        });
  }

  // The column of a series in the segment; a series is there once it has a value that is not zero.
  std::int64_t* Cells(const SeriesKey& key, std::size_t column) {
    const std::size_t width = segment_.frame.times.size();
    const std::size_t columns = segment_.frame.column_count();
    const auto [it, is_new] = numbers_.try_emplace(key, segment_.frame.series.size());
    if (is_new) {
      segment_.frame.series.push_back(key);
      segment_.values.resize(segment_.values.size() + columns * width, 0);
    }
    return &segment_.values[(it->second * columns + column) * width];
  }

  const History& history_;
  const std::span<const Kept> kept_;
  Segment segment_;
  std::unordered_map<SeriesKey, std::size_t> numbers_;
};

bool CanBeOneSegment(const HeapProfile& a, const HeapProfile& b) {
  return a.sample_types == b.sample_types && a.sampling_period_bytes == b.sampling_period_bytes;
}

}  // namespace

std::vector<bool> ChooseKept(std::span<const SnapshotInfo> snapshots, Duration every) {
  std::vector<bool> kept(snapshots.size(), false);
  const auto stretch_of = [&](std::size_t i) {
    return std::chrono::floor<Duration>(snapshots[i].time.time_since_epoch()).count() /
           every.count();
  };
  std::size_t begin = 0;
  while (begin < snapshots.size()) {
    std::size_t least = begin;
    std::size_t most = begin;
    std::size_t end = begin + 1;
    for (; end < snapshots.size() && stretch_of(end) == stretch_of(begin); ++end) {
      if (snapshots[end].alloc_bytes < snapshots[end - 1].alloc_bytes) break;
      if (snapshots[end].inuse_bytes < snapshots[least].inuse_bytes) least = end;
      if (snapshots[end].inuse_bytes > snapshots[most].inuse_bytes) most = end;
    }
    kept[begin] = kept[end - 1] = kept[least] = kept[most] = true;
    begin = end;
  }
  return kept;
}

Result<Thinned> Thin(const History& history, Duration every) {
  const auto snapshots = ReadSnapshots(history);
  if (!snapshots) return Fail(snapshots.error());
  const std::vector<bool> is_kept = ChooseKept(*snapshots, every);
  Thinned thinned;
  std::vector<Kept> run;
  const HeapProfile* head = nullptr;
  const auto end_run = [&]() -> Result<void> {
    if (run.empty()) return {};
    auto segment = Merger(history, run).Merge();
    if (!segment) return Fail(segment.error());
    thinned.snapshots_after += run.size();
    thinned.segments.push_back(std::move(*segment));
    run.clear();
    return {};
  };
  for (const History::Piece& piece : history.pieces()) {
    for (std::size_t index = piece.begin; index < piece.end; ++index) {
      if (!is_kept[thinned.snapshots_before++]) continue;
      const HeapProfile& next = history.frame(piece.part).head_at(index);
      if (head != nullptr && !CanBeOneSegment(*head, next)) {
        if (auto ended = end_run(); !ended) return Fail(ended.error());
      }
      head = &next;
      run.push_back({piece.part, index});
    }
  }
  if (auto ended = end_run(); !ended) return Fail(ended.error());
  return thinned;
}

}  // namespace heapwatch
