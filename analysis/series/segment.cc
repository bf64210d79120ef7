#include "analysis/series/segment.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "analysis/series/step_coding.h"

namespace heapwatch {

const HeapProfile& SegmentFrame::head_at(std::size_t snapshot) const {
  const auto next = std::upper_bound(heads.begin(), heads.end(), snapshot,
                                     [](std::size_t n, const Head& head) { return n < head.from; });
  return *std::prev(next)->profile;
}

Result<void> ChainSegment::Add(Time time, std::string_view row) {
  const std::string head = chain_.head();
  const auto changes = chain_.Begin(row);
  if (!changes) return Fail(changes.error());
  if (frame_.heads.empty() || chain_.head() != head) {
    frame_.heads.push_back(
        {frame_.times.size(), std::make_shared<const HeapProfile>(chain_.head_profile())});
  }
  frame_.times.push_back(time);
  frame_.resident_bytes.push_back(chain_.resident_bytes());
  while (series_->size() < chain_.series_count()) {
    series_->push_back(chain_.series(series_->size()));
  }
  changes_.emplace_back(*changes);
  return {};
}

// What changed from snapshot to snapshot, series by series: mostly a small part of the table.
class SegmentChanges {
 public:
  // `unit_count`: of each series' units the states are kept, too; or 0.
  SegmentChanges(const SegmentFrame& frame, std::size_t unit_count)
      : frame_(frame), unit_count_(unit_count) {}

  // The chain as it stands after the next snapshot.
  void Add(const RowChain& chain) {
    Row& row = rows_.emplace_back();
    row.series = chain.changed();
    row.values.reserve(row.series.size() * frame_.column_count());
    for (const std::uint32_t series : row.series) {
      const auto values = chain.values(series);
      row.values.insert(row.values.end(), values.begin(), values.end());
      const auto states = chain.unit_states(series).first(unit_count_);
      row.states.insert(row.states.end(), states.begin(), states.end());
    }
  }

  void SortBySeries() {
    ends_.assign(frame_.series().size() + 1, 0);
    for (const Row& row : rows_) {
      for (const std::uint32_t series : row.series) ++ends_[series + 1];
    }
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    changes_.resize(ends_.back());
    std::vector<std::size_t> next(ends_.begin(), std::prev(ends_.end()));
    for (std::uint32_t t = 0; t < rows_.size(); ++t) {
      std::uint32_t place = 0;
      for (const std::uint32_t series : rows_[t].series) changes_[next[series]++] = {t, place++};
    }
  }

  // From change to change.
  void Fill(std::size_t series, std::span<std::int64_t> columns) const {
    const std::size_t width = frame_.times.size();
    const std::size_t count = frame_.column_count();
    const bool is_changed = ends_[series] < ends_[series + 1];
    const std::size_t before = is_changed ? changes_[ends_[series]].snapshot : width;
    for (std::size_t c = 0; c < count; ++c) std::fill_n(&columns[c * width], before, 0);
    for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
      const std::size_t from = changes_[i].snapshot;
      const std::int64_t* const values = &rows_[from].values[changes_[i].place * count];
      const std::size_t to = i + 1 < ends_[series + 1] ? changes_[i + 1].snapshot : width;
      for (std::size_t c = 0; c < count; ++c) {
        FillStretch(columns.subspan(c * width, width), from, to - from, values[c]);
      }
    }
  }

  // Whether the unit was counted wherever it changed.
  bool IsCounted(std::size_t series, std::size_t unit) const {
    for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
      if (!StateAt(changes_[i], unit).is_counted) return false;
    }
    return true;
  }
  void FillCounts(std::size_t series, std::size_t unit, std::vector<std::int64_t>& counts) const {
    counts.clear();
    std::int64_t last = 0;
    for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
      counts.resize(changes_[i].snapshot, last);
      last = StateAt(changes_[i], unit).count;
    }
    counts.resize(frame_.times.size(), last);
  }
  void FillColumn(std::size_t series, std::size_t column, std::vector<std::int64_t>& values) const {
    values.clear();
    std::int64_t last = 0;
    for (std::size_t i = ends_[series]; i < ends_[series + 1]; ++i) {
      values.resize(changes_[i].snapshot, last);
      last = rows_[changes_[i].snapshot].values[changes_[i].place * frame_.column_count() + column];
    }
    values.resize(frame_.times.size(), last);
  }

 private:
  // One snapshot: the series that changed, and all of their values.
  struct Row {
    std::vector<std::uint32_t> series;
    std::vector<std::int64_t> values;
    std::vector<UnitState> states;
  };
  struct Change {
    std::uint32_t snapshot;
    std::uint32_t place;  // among those of the snapshot
  };

  const UnitState& StateAt(const Change& change, std::size_t unit) const {
    return rows_[change.snapshot].states[change.place * unit_count_ + unit];
  }

  const SegmentFrame& frame_;
  const std::size_t unit_count_;
  std::vector<Row> rows_;
  std::vector<Change> changes_;    // series by series, each in the order of time
  std::vector<std::size_t> ends_;  // where those of series n - 1 end and those of n begin
};

namespace {

// What changed in a chain by the counts behind it.
class ChainColumns : public ColumnSource {
 public:
  ChainColumns(const RowChain& chain, SegmentChanges changes) : changes_(std::move(changes)) {
    for (std::size_t n = 0; n < chain.series_count(); ++n) sizes_.push_back(chain.size_of(n));
    units_ = chain.units();
  }

  bool Read(std::size_t series, SeriesColumns& columns) const override {
    columns.resize(units_.size());
    for (std::size_t u = 0; u < units_.size(); ++u) {
      UnitColumns& told = columns[u];
      told.counted.reset();
      told.bytes.clear();
      if (units_[u].bytes_column && changes_.IsCounted(series, u)) {
        told.counted = sizes_[series];
        changes_.FillCounts(series, u, told.first);
        continue;
      }
      changes_.FillColumn(series, units_[u].column, told.first);
      if (units_[u].bytes_column) {
        changes_.FillColumn(series, *units_[u].bytes_column, told.bytes);
      }
    }
    return true;
  }

 private:
  std::vector<BlockSize> sizes_;  // of each series
  std::vector<ValueUnit> units_;
  SegmentChanges changes_;
};

}  // namespace

Result<void> ChainSegment::Replay(RowChain& chain, SegmentChanges& changes,
                                  const SeriesList* only) const {
  for (std::size_t t = 0; t < changes_.size(); ++t) {
    if (auto changed = chain.Change(changes_[t], only); !changed) {
      return Fail(changed.error().In("the snapshot of " + FormatRfc3339(frame_.times[t])));
    }
    changes.Add(chain);
  }
  changes.SortBySeries();
  return {};
}

Result<void> ChainSegment::ForEachSeries(const UseSeries& use, const SeriesList* only) const {
  RowChain chain = chain_;
  SegmentChanges changes(frame_, 0);
  if (auto replayed = Replay(chain, changes, only); !replayed) return replayed;
  std::vector<std::int64_t> columns(frame_.column_count() * frame_.times.size());
  const std::size_t count = only != nullptr ? only->size() : frame_.series().size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t series = only != nullptr ? (*only)[i] : i;
    changes.Fill(series, columns);
    use(series, columns);
  }
  return {};
}

Result<std::unique_ptr<ColumnSource>> ChainSegment::Columns() const {
  RowChain chain = chain_;
  SegmentChanges changes(frame_, chain.units().size());
  if (auto replayed = Replay(chain, changes, nullptr); !replayed) return Fail(replayed.error());
  return std::make_unique<ChainColumns>(chain, std::move(changes));
}

}  // namespace heapwatch
