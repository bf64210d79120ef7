#include "analysis/series/site_window_builder.h"

#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

void AddTo(const std::array<std::int64_t, kQuantityCount>& values,
           std::array<std::int64_t, kQuantityCount>& sums) {
  for (std::size_t q = 0; q < kQuantityCount; ++q) sums[q] = WrappingSum(sums[q], values[q]);
}

}  // namespace

SiteWindowBuilder::Series& SiteWindowBuilder::SeriesOf(const HeapProfile& profile,
                                                       const Sample& sample) {
  const ContentHash& stack = profile.stack_hashes[sample.stack.index()];
  const auto [it, inserted] = series_.try_emplace(SeriesKey{stack, sample.block_bytes});
  if (inserted) {
    const auto [site, is_new_stack] = site_of_stack_.try_emplace(stack);
    if (is_new_stack) {
      site->second = grouping_.SiteNumber(attributor_.Attribute(profile, sample.stack));
    }
    it->second.row = grouping_.RowNumber(site->second, sample.block_bytes);
  }
  return it->second;
}

// Sums up what `now` has against `before`, and makes `now` the next `before`.
ObservationFacts SiteWindowBuilder::Compare(const HeapProfile& profile) {
  ObservationFacts facts = FactsOf(profile);
  Values totals = {};
  for (auto& [key, series] : series_) {
    if (series.seen != observations_.size() + 1) series.now = {};
    for (std::size_t q = 0; q < kQuantityCount; ++q)
      facts.Add(kQuantities[q], series.before[q], series.now[q]);
    AddTo(series.now, totals);
    series.before = series.now;
  }
  for (const Quantity quantity : kQuantities) {
    const auto q = static_cast<std::size_t>(quantity);
    if (profile.column(quantity)) facts.totals[q] = totals[q];
  }
  return facts;
}

void SiteWindowBuilder::Add(Time time, const HeapProfile& profile) {
  std::array<std::optional<std::size_t>, kQuantityCount> columns;
  for (const Quantity quantity : kQuantities) {
    const auto q = static_cast<std::size_t>(quantity);
    columns[q] = profile.column(quantity);
    has_[q] = has_[q] && columns[q].has_value();
  }
  const std::size_t number = observations_.size() + 1;
  for (std::size_t i = 0; i < profile.samples.size(); ++i) {
    Values values = {};
    for (std::size_t q = 0; q < kQuantityCount; ++q) {
      if (columns[q]) values[q] = profile.values_of(i)[*columns[q]];
    }
    if (values == Values{}) continue;
    Series& series = SeriesOf(profile, profile.samples[i]);
    if (series.seen != number) series.now = {};
    series.seen = number;
    AddTo(values, series.now);
  }
  ObservationFacts facts = Compare(profile);
  facts.time = time;
  std::vector<Values> cells(grouping_.row_count());
  for (const auto& [key, series] : series_) AddTo(series.now, cells[series.row]);
  cells_.push_back(std::move(cells));
  observations_.push_back(tracker_.Next(facts));
}

SiteWindow SiteWindowBuilder::Build() const {
  SiteWindow window;
  window.observations = observations_;
  const std::vector<std::size_t> order = grouping_.Arrange(window);
  const std::size_t width = observations_.size();
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    window.has[q] = has_[q] && width > 0;
    if (window.has[q]) window.matrix[q].assign(order.size() * width, 0);
  }
  for (std::size_t t = 0; t < width; ++t) {
    for (std::size_t row = 0; row < cells_[t].size(); ++row) {
      for (std::size_t q = 0; q < kQuantityCount; ++q) {
        if (window.has[q]) window.matrix[q][order[row] * width + t] = cells_[t][row][q];
      }
    }
  }
  return window;
}

}  // namespace heapwatch
