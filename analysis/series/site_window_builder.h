// From profiles, one after the other in time order, to the SiteWindow the analysis reads. One
// thread.
//
//   SiteWindowBuilder builder(attributor);
//   builder.Add(t0, profile0);
//   builder.Add(t1, profile1);
//   SiteWindow window = builder.Build();   // may be called again after further Adds
//
// Stacks of one site and block size are summed into one row; a stack that is missing from a profile
// counts as zero there. A quantity is told (SiteWindow::has) where every profile of the window
// tells it. Sites are ordered by function and line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/observation_tracker.h"
#include "analysis/series/row_grouping.h"
#include "analysis/series/series_key.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

class SiteWindowBuilder {
 public:
  // The attributor must outlive the builder.
  explicit SiteWindowBuilder(const SiteAttributor& attributor) : attributor_(attributor) {}

  void Add(Time time, const HeapProfile& profile);

  SiteWindow Build() const;

 private:
  using Values = std::array<std::int64_t, kQuantityCount>;
  struct Series {
    std::size_t row;
    Values before = {};
    Values now = {};
    std::size_t seen = 0;  // number of the last profile that has it
  };

  Series& SeriesOf(const HeapProfile& profile, const Sample& sample);
  ObservationFacts Compare(const HeapProfile& profile);

  const SiteAttributor& attributor_;
  ObservationTracker tracker_;
  RowGrouping grouping_;
  std::unordered_map<ContentHash, std::size_t> site_of_stack_;
  std::unordered_map<SeriesKey, Series> series_;
  std::vector<Observation> observations_;
  std::vector<std::vector<Values>>
      cells_;  // per observation, by row; rows that came later are not in it
  std::array<bool, kQuantityCount> has_ = {true, true, true, true};
};

}  // namespace heapwatch
