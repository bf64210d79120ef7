#include "watcher/store/joining.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "analysis/series/profile_head.h"
#include "analysis/series/series_index.h"

namespace heapwatch {
namespace {

// Snapshots of one part that come one after the other, and where they go.
struct Run {
  std::size_t part;
  std::size_t begin;
  std::size_t end;
  std::size_t column;
};

class Joiner {
 public:
  explicit Joiner(const History& history) : history_(history) {}

  // All of the same sample types and sampling period.
  Result<Segment> Join(const std::vector<Run>& runs) && {
    std::map<std::size_t, std::vector<Run>> runs_of_part;
    for (const Run& run : runs) {
      AddFrame(run);
      runs_of_part[run.part].push_back(run);
    }
    for (const auto& [part, its_runs] : runs_of_part) {
      if (auto added = AddPart(part, its_runs); !added) return Fail(added.error());
    }
    segment_.frame.series = numbers_.series();
    return std::move(segment_);
  }

 private:
  void AddFrame(const Run& run) {
    const SegmentFrame& from = history_.frame(run.part);
    SegmentFrame& frame = segment_.frame;
    for (std::size_t i = run.begin; i < run.end; ++i) {
      const HeapProfile& head = from.head_at(i);
      if (&head != last_head_) {
        std::string bytes = EncodeHead(head);
        if (bytes != last_head_bytes_) {
          frame.heads.push_back({frame.times.size(), std::make_shared<const HeapProfile>(head)});
        }
        last_head_bytes_ = std::move(bytes);
        last_head_ = &head;
      }
      frame.times.push_back(from.times[i]);
      frame.resident_bytes.push_back(from.resident_bytes[i]);
    }
  }

  Result<void> AddPart(std::size_t part, const std::vector<Run>& runs) {
    const SegmentFrame& from = history_.frame(part);
    const std::size_t width = segment_.frame.times.size();
    const std::size_t size = from.column_count() * width;
    segment_.values.reserve(from.series.size() * size);
    numbers_.StartOver();
    return history_.ForEachSeries(
        part, [&](std::size_t series, std::span<const std::int64_t> values) {
          // What is zero in all that is kept needs no place.
          if (!HasAny(runs, from, values)) return;
          const std::size_t number = numbers_.NumberOf(from.series[series]);
          segment_.values.resize(numbers_.series().size() * size, 0);
          for (const Run& run : runs) {
            for (std::size_t c = 0; c < from.column_count(); ++c) {
              std::copy_n(&values[c * from.times.size() + run.begin], run.end - run.begin,
                          &segment_.values[number * size + c * width + run.column]);
            }
          }
        });
  }

  static bool HasAny(const std::vector<Run>& runs, const SegmentFrame& frame,
                     std::span<const std::int64_t> values) {
    for (const Run& run : runs) {
      for (std::size_t c = 0; c < frame.column_count(); ++c) {
        const auto some = values.subspan(c * frame.times.size() + run.begin, run.end - run.begin);
        if (std::any_of(some.begin(), some.end(), [](std::int64_t v) { return v != 0; })) {
          return true;
        }
      }
    }
    return false;
  }

  const History& history_;
  Segment segment_;
  SeriesNumbers numbers_;
  const HeapProfile* last_head_ = nullptr;
  std::string last_head_bytes_;
};

bool CanBeOneSegment(const HeapProfile& a, const HeapProfile& b) {
  return a.sample_types == b.sample_types && a.sampling_period_bytes == b.sampling_period_bytes;
}

}  // namespace

Result<std::vector<Segment>> Join(const History& history, const std::vector<bool>& is_kept) {
  std::vector<Segment> segments;
  std::vector<Run> runs;
  const HeapProfile* head = nullptr;
  const auto end_segment = [&]() -> Result<void> {
    if (runs.empty()) return {};
    auto segment = Joiner(history).Join(runs);
    if (!segment) return Fail(segment.error());
    segments.push_back(std::move(*segment));
    runs.clear();
    return {};
  };
  std::size_t number = 0;
  for (const History::Piece& piece : history.pieces()) {
    for (std::size_t index = piece.begin; index < piece.end; ++index) {
      if (!is_kept[number++]) continue;
      const HeapProfile& next = history.frame(piece.part).head_at(index);
      if (head != nullptr && &next != head && !CanBeOneSegment(*head, next)) {
        if (auto ended = end_segment(); !ended) return Fail(ended.error());
      }
      head = &next;
      if (!runs.empty() && runs.back().part == piece.part && runs.back().end == index) {
        ++runs.back().end;
      } else {
        const std::size_t column =
            runs.empty() ? 0 : runs.back().column + runs.back().end - runs.back().begin;
        runs.push_back({piece.part, index, index + 1, column});
      }
    }
  }
  if (auto ended = end_segment(); !ended) return Fail(ended.error());
  return segments;
}

}  // namespace heapwatch
