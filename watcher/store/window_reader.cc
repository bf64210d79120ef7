#include "watcher/store/window_reader.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "analysis/series/observation_tracker.h"
#include "analysis/series/series_key.h"
#include "analysis/series/value_coding.h"
#include "analysis/series/window_filler.h"

namespace heapwatch {
namespace {

using Columns = std::array<std::optional<std::size_t>, kQuantityCount>;

Columns ColumnsOf(const HeapProfile& head) {
  Columns columns;
  for (const Quantity quantity : kQuantities) {
    columns[static_cast<std::size_t>(quantity)] = head.column(quantity);
  }
  return columns;
}

// The width of the matrix and its rows must be known before it is filled, so the changes are
// gathered first.
class WindowReader {
 public:
  void Take(const RowScan& scan);
  Result<SiteWindow> Finish(const SiteAttributor& attributor, Dictionary& dictionary);

 private:
  struct Change {
    std::uint32_t series;
    WindowFiller::Values values;
  };
  struct Observed {
    ObservationFacts facts;
    std::string build;
    bool is_full;
    std::size_t end;  // into changes_
  };

  void TakeSeries(const RowChain& chain, std::size_t number, const Columns& columns);

  std::unordered_map<SeriesKey, std::uint32_t> numbers_;
  std::vector<SeriesKey> series_;
  // By the number in the scan's chain; nothing for those that have been zero so far.
  std::vector<std::optional<std::uint32_t>> number_in_window_;
  std::vector<Change> changes_;
  std::vector<Observed> observed_;
  std::array<bool, kQuantityCount> has_ = {true, true, true, true};
};

void WindowReader::TakeSeries(const RowChain& chain, std::size_t number, const Columns& columns) {
  const auto values = chain.values(number);
  Change change{0, {}};
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    if (columns[q]) change.values[q] = values[*columns[q]];
  }
  number_in_window_.resize(chain.series_count());
  auto& in_window = number_in_window_[number];
  if (!in_window) {
    if (change.values == WindowFiller::Values{}) return;
    const SeriesKey& key = chain.series(number);
    const auto [it, is_new] = numbers_.try_emplace(key, static_cast<std::uint32_t>(series_.size()));
    if (is_new) series_.push_back(key);
    in_window = it->second;
  }
  change.series = *in_window;
  changes_.push_back(change);
}

void WindowReader::Take(const RowScan& scan) {
  const RowChain& chain = scan.chain();
  const HeapProfile& head = chain.head_profile();
  const Columns columns = ColumnsOf(head);
  Observed observed{{}, std::string(BuildOf(head)), observed_.empty() || !scan.is_step(), 0};
  if (observed.is_full) {
    number_in_window_.clear();
    for (std::size_t i = 0; i < chain.series_count(); ++i) TakeSeries(chain, i, columns);
  } else {
    for (const std::uint32_t number : chain.changed()) TakeSeries(chain, number, columns);
  }
  observed.end = changes_.size();
  observed.facts.time = scan.time();
  observed.facts.sampling_period_bytes = head.sampling_period_bytes;
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    has_[q] = has_[q] && columns[q].has_value();
    if (columns[q]) observed.facts.totals[q] = 0;
  }
  observed_.push_back(std::move(observed));
}

Result<SiteWindow> WindowReader::Finish(const SiteAttributor& attributor, Dictionary& dictionary) {
  std::vector<ContentHash> stacks;
  stacks.reserve(series_.size());
  for (const SeriesKey& key : series_) stacks.push_back(key.stack);
  const auto sites = dictionary.Sites(stacks, attributor);
  if (!sites) return Fail(sites.error());
  WindowFiller filler;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    filler.AddSeries(*(*sites)[i], series_[i].block_bytes);
  }
  filler.Start(observed_.size(), has_);
  std::size_t next = 0;
  for (Observed& observed : observed_) {
    filler.Begin(observed.is_full);
    for (; next < observed.end; ++next) filler.Set(changes_[next].series, changes_[next].values);
    observed.facts.build = observed.build;
    filler.End(observed.facts);
  }
  return std::move(filler).Finish();
}

}  // namespace

Result<SiteWindow> ReadWindow(RowScan& scan, Time from, const SiteAttributor& attributor,
                              Dictionary& dictionary) {
  WindowReader reader;
  auto at = scan.Seek(from);
  for (; at && *at; at = scan.Next()) reader.Take(scan);
  if (!at) return Fail(at.error());
  return reader.Finish(attributor, dictionary);
}

SnapshotInfo Summarize(const RowScan& scan) {
  const RowChain& chain = scan.chain();
  const auto inuse = chain.head_profile().column(Quantity::kInuseSpace);
  const auto alloc = chain.head_profile().column(Quantity::kAllocSpace);
  SnapshotInfo info{scan.time(), 0, std::nullopt, std::nullopt};
  if (inuse) info.inuse_bytes = 0;
  if (alloc) info.alloc_bytes = 0;
  for (std::size_t i = 0; i < chain.series_count(); ++i) {
    const auto values = chain.values(i);
    if (std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v != 0; })) {
      ++info.samples;
    }
    if (inuse) info.inuse_bytes = WrappingSum(*info.inuse_bytes, values[*inuse]);
    if (alloc) info.alloc_bytes = WrappingSum(*info.alloc_bytes, values[*alloc]);
  }
  return info;
}

}  // namespace heapwatch
