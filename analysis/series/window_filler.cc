#include "analysis/series/window_filler.h"

#include <algorithm>

#include "analysis/series/value_coding.h"

namespace heapwatch {

std::size_t WindowFiller::AddSeries(const Site& site, std::int64_t block_bytes) {
  series_.push_back({grouping_.RowNumber(grouping_.SiteNumber(site), block_bytes)});
  return series_.size() - 1;
}

void WindowFiller::Start(std::size_t observations, const std::array<bool, kQuantityCount>& has) {
  width_ = observations;
  const std::vector<std::size_t> order = grouping_.Arrange(window_);
  for (Series& series : series_) series.row = order[series.row];
  cells_.resize(order.size());
  window_.observations.reserve(observations);
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    window_.has[q] = has[q] && observations > 0;
    if (window_.has[q]) window_.matrix[q].resize(order.size() * observations);
  }
}

void WindowFiller::Begin(bool is_full) {
  is_full_ = is_full;
  changed_ = false;
  fallen_ = {};
}

void WindowFiller::FillTo(std::size_t row, std::size_t q, std::size_t column) {
  Cell& cell = cells_[row][q];
  // The matrix is zero to begin with.
  if (cell.value != 0 && window_.has[q]) {
    std::int64_t* const begin = window_.matrix[q].data() + row * width_;
    std::fill(begin + cell.filled, begin + column, cell.value);
  }
  cell.filled = column;
}

void WindowFiller::Set(std::size_t number, const Values& values) {
  Series& series = series_[number];
  const std::size_t column = window_.observations.size();
  series.set_at = column + 1;
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    const std::int64_t step = WrappingDifference(values[q], series.now[q]);
    if (step == 0) continue;
    changed_ = true;
    totals_[q] = WrappingSum(totals_[q], step);
    if (step < 0) fallen_[q] = WrappingDifference(fallen_[q], step);
    FillTo(series.row, q, column);
    std::int64_t& value = cells_[series.row][q].value;
    value = WrappingSum(value, step);
  }
  series.now = values;
}

void WindowFiller::End(ObservationFacts facts) {
  if (is_full_) {
    const std::size_t column = window_.observations.size();
    for (std::size_t i = 0; i < series_.size(); ++i) {
      if (series_[i].set_at != column + 1 && series_[i].now != Values{}) Set(i, {});
    }
  }
  facts.changed = changed_;
  facts.fallen = fallen_;
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    if (facts.totals[q]) facts.totals[q] = totals_[q];
  }
  window_.observations.push_back(tracker_.Next(facts));
}

SiteWindow WindowFiller::Finish() && {
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    for (std::size_t q = 0; q < kQuantityCount; ++q) FillTo(row, q, width_);
  }
  return std::move(window_);
}

}  // namespace heapwatch
