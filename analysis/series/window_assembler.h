// Puts a SiteWindow together from pieces of segments, series by series. One thread.
//
//   WindowAssembler assembler;
//   assembler.AddPiece(frame, 10, 240);            // snapshots 10..239 of this segment; pieces in time order
//   assembler.AddPiece(next_frame, 0, 35);
//   assembler.Start(SitesOf(assembler.series()));
//   for each piece: { for each of its series: assembler.Set(series, values); assembler.EndPiece(); }
//   SiteWindow window = std::move(assembler).Finish();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/profile/site.h"
#include "analysis/series/row_grouping.h"
#include "analysis/series/segment.h"
#include "analysis/series/series_index.h"
#include "analysis/series/series_key.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

class WindowAssembler {
 public:
  // The frame must outlive the assembler.
  void AddPiece(const SegmentFrame& frame, std::size_t begin, std::size_t end);
  // Of all pieces, each once.
  const std::vector<SeriesKey>& series() const { return numbers_.series(); }
  // `sites` of series(), one for each.
  void Start(std::span<const std::shared_ptr<const Site>> sites);
  // All columns of one series of the piece's frame over all of the frame's snapshots; those left
  // out are zero.
  void Set(std::size_t series, std::span<const std::int64_t> values);
  void EndPiece();
  SiteWindow Finish() &&;

 private:
  using Columns = std::array<std::optional<std::size_t>, kQuantityCount>;
  struct Piece {
    const SegmentFrame* frame;
    std::size_t begin;
    std::size_t end;
    std::size_t column;  // of the window, where it begins
    Columns columns;
    std::vector<std::uint32_t> numbers;  // in series(), by number in the frame
  };
  struct Last {
    std::array<std::int64_t, kQuantityCount> values = {};
    std::size_t set_in_piece = 0;
  };

  void BeginPiece();
  void SetQuantity(const Piece& piece, std::size_t q, std::uint32_t number,
                   const std::int64_t* values);
  void Step(std::size_t q, std::size_t column, std::int64_t before, std::int64_t now);
  bool TellsLives(std::size_t q) const;
  void Observe();
  void DropEmptyRows();

  std::vector<Piece> pieces_;
  SeriesNumbers numbers_;
  std::vector<std::size_t> row_of_series_;
  std::vector<Last> last_;
  std::size_t piece_ = 0;
  std::size_t width_ = 0;
  SiteWindow window_;
  std::vector<bool> is_row_used_;
  // By row: one more than the last piece that has told something of it.
  std::array<std::vector<std::size_t>, kQuantityCount> written_in_piece_;
  std::array<std::vector<std::int64_t>, kQuantityCount> totals_;
  std::array<std::vector<std::int64_t>, kQuantityCount> fallen_;
  // ObservationFacts::stacks_before and stacks_kept; counted where allocations are not told.
  bool counts_stacks_ = false;
  std::vector<std::uint32_t> stacks_before_;
  std::vector<std::uint32_t> stacks_kept_;
  std::vector<std::uint8_t> changed_;
  std::vector<std::uint32_t>
      unchanged_;  // snapshots of the piece, but for its first, that nothing has changed yet
};

}  // namespace heapwatch
