// From changes of single series, as stored rows tell them, to a SiteWindow: what is already known
// to stay the same is never looked at. One thread.
//
//   WindowFiller filler;
//   const std::size_t s = filler.AddSeries(site, 64);   // every series of the window, before ...
//   filler.Start(2, has);                               // ... its two observations
//   filler.Begin(true);  filler.Set(s, {640, 10, 640, 10});  filler.End(facts0);
//   filler.Begin(false); /* nothing changed */               filler.End(facts1);
//   SiteWindow window = std::move(filler).Finish();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/series/observation_tracker.h"
#include "analysis/series/row_grouping.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

class WindowFiller {
 public:
  using Values = std::array<std::int64_t, kQuantityCount>;

  std::size_t AddSeries(const Site& site, std::int64_t block_bytes);
  void Start(std::size_t observations, const std::array<bool, kQuantityCount>& has);

  // A full observation sets every series that is not zero; another only those that changed since
  // the one before.
  void Begin(bool is_full);
  void Set(std::size_t series, const Values& values);
  // `changed`, `fallen` and the totals of the facts are filled in from what was set; `totals` need
  // only be there or not.
  void End(ObservationFacts facts);

  SiteWindow Finish() &&;

 private:
  struct Series {
    std::size_t row;
    Values now = {};
    std::size_t set_at = 0;  // number of the last full observation that set it
  };
  struct Cell {
    std::int64_t value = 0;
    std::size_t filled = 0;  // columns written
  };

  void FillTo(std::size_t row, std::size_t q, std::size_t column);

  RowGrouping grouping_;
  SiteWindow window_;
  std::size_t width_ = 0;
  std::vector<Series> series_;
  std::vector<std::array<Cell, kQuantityCount>> cells_;  // by row of the window
  ObservationTracker tracker_;
  bool is_full_ = false;
  bool changed_ = false;
  Values totals_ = {};
  Values fallen_ = {};
};

}  // namespace heapwatch
