#include "analysis/series/window_assembler.h"

#include <algorithm>
#include <utility>

#include "analysis/base/large_memory.h"
#include "analysis/series/observation_tracker.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

void AddTo(std::int64_t* __restrict sums, const std::int64_t* __restrict values,
           std::size_t count) {
  for (std::size_t t = 0; t < count; ++t) sums[t] = WrappingSum(sums[t], values[t]);
}

// A step down shows in the sign of all steps or'ed together, which is quick to compute.
bool HasFallen(const std::int64_t* values, std::size_t count) {
  std::int64_t steps = 0;
  for (std::size_t t = 1; t < count; ++t) steps |= WrappingDifference(values[t], values[t - 1]);
  return steps < 0;
}

constexpr auto kInuseSpace = static_cast<std::size_t>(Quantity::kInuseSpace);
constexpr auto kAllocSpace = static_cast<std::size_t>(Quantity::kAllocSpace);
constexpr auto kAllocObjects = static_cast<std::size_t>(Quantity::kAllocObjects);

}  // namespace

void WindowAssembler::AddPiece(const SegmentFrame& frame, std::size_t begin, std::size_t end) {
  Piece piece{&frame, begin, end, width_, {}, {}};
  for (const Quantity quantity : kQuantities) {
    piece.columns[static_cast<std::size_t>(quantity)] =
        frame.heads.front().profile->column(quantity);
  }
  if (!pieces_.empty() && pieces_.back().frame->series_list == frame.series_list) {
    piece.numbers = pieces_.back().numbers;
  } else {
    piece.numbers.reserve(frame.series().size());
    numbers_.StartOver();
    for (const SeriesKey& key : frame.series()) piece.numbers.push_back(numbers_.NumberOf(key));
  }
  width_ += end - begin;
  pieces_.push_back(std::move(piece));
}

void WindowAssembler::Start(std::span<const std::shared_ptr<const Site>> sites) {
  RowGrouping grouping;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    row_of_series_.push_back(
        grouping.RowNumber(grouping.SiteNumber(*sites[i]), series()[i].block_bytes));
  }
  const std::vector<std::size_t> order = grouping.Arrange(window_);
  for (std::size_t& row : row_of_series_) row = order[row];
  is_row_used_.resize(order.size(), false);
  last_.resize(series().size());
  changed_.resize(width_, 0);
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    window_.has[q] =
        width_ > 0 && std::all_of(pieces_.begin(), pieces_.end(),
                                  [q](const Piece& piece) { return piece.columns[q].has_value(); });
    if (window_.has[q]) {
      ReserveLarge(window_.matrix[q], order.size() * width_, kLargePageBytes);
      window_.matrix[q].resize(order.size() * width_);
      written_in_piece_[q].resize(order.size(), 0);
    }
    totals_[q].resize(width_, 0);
    fallen_[q].resize(width_, 0);
  }
  counts_stacks_ = !window_.has[kAllocSpace] && !window_.has[kAllocObjects];
  stacks_before_.resize(width_, 0);
  stacks_kept_.resize(width_, 0);
  BeginPiece();
}

// Whether the rules of ObservationTracker look at the totals of this quantity.
bool WindowAssembler::TellsLives(std::size_t q) const {
  return q == kAllocSpace || q == kAllocObjects || (q == kInuseSpace && counts_stacks_);
}

void WindowAssembler::Step(std::size_t q, std::size_t column, std::int64_t before,
                           std::int64_t now) {
  if (counts_stacks_ && q == kInuseSpace && before != 0) {
    ++stacks_before_[column];
    if (now == before) ++stacks_kept_[column];
  }
  if (before == now) return;
  changed_[column] = 1;
  const std::int64_t step = WrappingDifference(now, before);
  if (step < 0 && TellsLives(q)) fallen_[q][column] = WrappingDifference(fallen_[q][column], step);
}

void WindowAssembler::SetQuantity(const Piece& piece, std::size_t q, std::uint32_t number,
                                  const std::int64_t* values) {
  const std::size_t count = piece.end - piece.begin;
  Step(q, piece.column, last_[number].values[q], values[0]);
  last_[number].values[q] = values[count - 1];
  // Straight loops, for the compiler to do several at a time.
  std::erase_if(unchanged_, [&](std::uint32_t t) {
    if (values[t] == values[t - 1]) return false;
    changed_[piece.column + t] = 1;
    return true;
  });
  if (window_.has[q]) {
    const std::size_t row = row_of_series_[number];
    std::int64_t* const sums = window_.matrix[q].data() + row * width_ + piece.column;
    if (std::exchange(written_in_piece_[q][row], piece_ + 1) != piece_ + 1) {
      std::copy_n(values, count, sums);  // over zeros, which need not be waited for
    } else {
      AddTo(sums, values, count);
    }
  }
  if (!TellsLives(q)) return;
  AddTo(totals_[q].data() + piece.column, values, count);
  for (std::size_t t = 1; counts_stacks_ && q == kInuseSpace && t < count; ++t) {
    if (values[t - 1] == 0) continue;
    ++stacks_before_[piece.column + t];
    if (values[t] == values[t - 1]) ++stacks_kept_[piece.column + t];
  }
  if (HasFallen(values, count)) {
    std::int64_t* const fallen = fallen_[q].data() + piece.column;
    for (std::size_t t = 1; t < count; ++t) {
      const std::int64_t step = WrappingDifference(values[t - 1], values[t]);
      fallen[t] = WrappingSum(fallen[t], step > 0 ? step : 0);
    }
  }
}

void WindowAssembler::BeginPiece() {
  unchanged_.clear();
  if (piece_ == pieces_.size()) return;
  for (std::size_t t = 1; t < pieces_[piece_].end - pieces_[piece_].begin; ++t) {
    unchanged_.push_back(static_cast<std::uint32_t>(t));
  }
}

void WindowAssembler::Set(std::size_t series, std::span<const std::int64_t> values) {
  const Piece& piece = pieces_[piece_];
  const std::size_t width = piece.frame->times.size();
  const std::uint32_t number = piece.numbers[series];
  last_[number].set_in_piece = piece_ + 1;
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    if (!piece.columns[q]) continue;
    const std::int64_t* const begin = values.data() + *piece.columns[q] * width + piece.begin;
    const std::int64_t* const end = begin + (piece.end - piece.begin);
    const bool is_zero = std::find_if(begin, end, [](std::int64_t v) { return v != 0; }) == end;
    if (is_zero && last_[number].values[q] == 0) continue;
    if (!is_zero) is_row_used_[row_of_series_[number]] = true;
    SetQuantity(piece, q, number, begin);
  }
}

void WindowAssembler::EndPiece() {
  const Piece& piece = pieces_[piece_];
  for (Last& last : last_) {
    if (last.set_in_piece == piece_ + 1) continue;
    for (std::size_t q = 0; q < kQuantityCount; ++q) Step(q, piece.column, last.values[q], 0);
    last.values = {};
  }
  ++piece_;
  BeginPiece();
}

void WindowAssembler::Observe() {
  ObservationTracker tracker;
  window_.observations.reserve(width_);
  for (const Piece& piece : pieces_) {
    for (std::size_t t = piece.begin; t < piece.end; ++t) {
      const HeapProfile& head = piece.frame->head_at(t);
      const std::size_t column = window_.observations.size();
      ObservationFacts facts = FactsOf(head);
      facts.time = piece.frame->times[t];
      facts.resident_bytes = piece.frame->resident_bytes[t];
      facts.changed = changed_[column] != 0;
      for (std::size_t q = 0; q < kQuantityCount; ++q) {
        if (piece.columns[q] && TellsLives(q)) facts.totals[q] = totals_[q][column];
        facts.fallen[q] = fallen_[q][column];
      }
      facts.stacks_before = stacks_before_[column];
      facts.stacks_kept = stacks_kept_[column];
      window_.observations.push_back(tracker.Next(facts));
    }
  }
}

// Stacks that had come before the window and never show in it have left rows of zeros.
void WindowAssembler::DropEmptyRows() {
  if (std::find(is_row_used_.begin(), is_row_used_.end(), false) == is_row_used_.end()) return;
  SiteWindow kept;
  kept.first_row.push_back(0);
  std::vector<std::size_t> from;
  for (std::size_t site = 0; site < window_.sites.size(); ++site) {
    const SiteId id(kept.sites.size());
    for (std::size_t row = window_.first_row[site]; row < window_.first_row[site + 1]; ++row) {
      if (!is_row_used_[row]) continue;
      kept.rows.push_back({id, window_.rows[row].block_bytes});
      from.push_back(row);
    }
    if (kept.rows.size() == kept.first_row.back()) continue;
    kept.sites.push_back(std::move(window_.sites[site]));
    kept.first_row.push_back(static_cast<std::uint32_t>(kept.rows.size()));
  }
  window_.sites = std::move(kept.sites);
  window_.rows = std::move(kept.rows);
  window_.first_row = std::move(kept.first_row);
  for (auto& matrix : window_.matrix) {
    if (matrix.empty()) continue;
    for (std::size_t row = 0; row < from.size(); ++row) {
      if (from[row] == row) continue;
      const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(from[row] * width_);
      std::copy_n(begin, width_, matrix.begin() + static_cast<std::ptrdiff_t>(row * width_));
    }
    matrix.resize(from.size() * width_);
  }
}

SiteWindow WindowAssembler::Finish() && {
  Observe();
  DropEmptyRows();
  return std::move(window_);
}

}  // namespace heapwatch
