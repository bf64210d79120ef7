#include "watcher/store/window_reader.h"

#include <algorithm>

#include "analysis/series/value_coding.h"
#include "analysis/series/window_assembler.h"

namespace heapwatch {
namespace {

// Sums over the series of one part, for each of its snapshots.
class PartTotals {
 public:
  explicit PartTotals(const SegmentFrame& frame)
      : frame_(frame),
        samples_(frame.times.size(), 0),
        totals_(frame.column_count(), std::vector<std::int64_t>(frame.times.size(), 0)) {}

  void Add(std::span<const std::int64_t> values) {
    const std::size_t width = frame_.times.size();
    for (std::size_t t = 0; t < width; ++t) {
      bool is_live = false;
      for (std::size_t c = 0; c < totals_.size(); ++c) {
        const std::int64_t value = values[c * width + t];
        is_live = is_live || value != 0;
        totals_[c][t] = WrappingSum(totals_[c][t], value);
      }
      if (is_live) ++samples_[t];
    }
  }

  SnapshotInfo InfoAt(std::size_t t) const {
    const HeapProfile& head = *frame_.heads.front().profile;
    const auto total = [&](Quantity quantity) -> std::optional<std::int64_t> {
      const auto column = head.column(quantity);
      if (!column) return std::nullopt;
      return totals_[*column][t];
    };
    return {frame_.times[t], samples_[t], total(Quantity::kInuseSpace),
            total(Quantity::kAllocSpace)};
  }

 private:
  const SegmentFrame& frame_;
  std::vector<std::size_t> samples_;
  std::vector<std::vector<std::int64_t>> totals_;
};

}  // namespace

Result<SiteWindow> ReadWindow(const History& history, const SiteAttributor& attributor,
                              Dictionary& dictionary) {
  WindowAssembler assembler;
  for (const History::Piece& piece : history.pieces()) {
    assembler.AddPiece(history.frame(piece.part), piece.begin, piece.end);
  }
  std::vector<ContentHash> stacks;
  stacks.reserve(assembler.series().size());
  for (const SeriesKey& key : assembler.series()) stacks.push_back(key.stack);
  const auto sites = dictionary.Sites(stacks, attributor);
  if (!sites) return Fail(sites.error());
  assembler.Start(*sites);
  for (const History::Piece& piece : history.pieces()) {
    const auto read = history.ForEachSeries(
        piece.part, [&](std::size_t series, std::span<const std::int64_t> values) {
          assembler.Set(series, values);
        });
    if (!read) return Fail(read.error());
    assembler.EndPiece();
  }
  return std::move(assembler).Finish();
}

Result<std::vector<SnapshotInfo>> ReadSnapshots(const History& history) {
  std::vector<SnapshotInfo> snapshots;
  for (const History::Piece& piece : history.pieces()) {
    PartTotals totals(history.frame(piece.part));
    const auto read = history.ForEachSeries(
        piece.part, [&](std::size_t, std::span<const std::int64_t> values) { totals.Add(values); });
    if (!read) return Fail(read.error());
    for (std::size_t t = piece.begin; t < piece.end; ++t) snapshots.push_back(totals.InfoAt(t));
  }
  return snapshots;
}

}  // namespace heapwatch
