// The series of all sites of one target over a stretch of time: what the analysis reads.
//
// A matrix per quantity: a row for each (site, block size), a column for each snapshot. A site's
// own series is the sum of its rows; they are kept apart because the sampling noise of an estimate
// depends on the size of the blocks (analysis/trend). Failed scrapes have no column. Plain data,
// filled by SiteWindowBuilder.
//
// Example: two snapshots a minute apart, one site with 64-byte and 4096-byte blocks:
//   observations {12:00, 12:01}; sites {main.f}; rows {{site 0, 64}, {site 0, 4096}}
//   value(kInuseSpace, row 0, 1) is the live memory in 64-byte blocks at 12:01.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/base/strong_id.h"
#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/site.h"

namespace heapwatch {

using SiteId = StrongId<struct SiteTag>;

struct Observation {
  Time time;
  std::int64_t sampling_period_bytes = 0;  // R; 0: the format does not say
  // Counts up where a new process life is seen: a cumulative total fell, or the target told another
  // start time.
  std::uint32_t lifetime = 0;
  // Counts up with each change of the build id or of the label `version`.
  std::uint32_t build = 0;
  // False where the profile equals the one before: no GC cycle has completed since, so this is the
  // same observation again.
  bool is_new = true;
  // Of the whole process; absent where nobody asked or it did not say.
  std::optional<std::int64_t> resident_bytes = std::nullopt;
};

struct SiteRow {
  SiteId site;
  std::int64_t block_bytes = 0;  // 0: unknown; take inuse_space / inuse_objects
};

struct SiteWindow {
  std::vector<Observation> observations;  // in the order they were taken
  std::vector<Site> sites;
  std::vector<SiteRow> rows;             // grouped by site, in the order of `sites`
  std::vector<std::uint32_t> first_row;  // of each site, and one past the last

  // has[q]: whether the target tells the quantity at all. Where not, its matrix is empty: absent is
  // not zero.
  std::array<bool, kQuantityCount> has = {};
  std::array<std::vector<std::int64_t>, kQuantityCount>
      matrix;  // rows x observations, one row after the other

  std::optional<std::int64_t> limit_bytes;  // of the process' memory, where known
  std::string version;                      // label `version` at the end of the window

  std::span<const std::int64_t> series(Quantity q, std::size_t row) const {
    return std::span(matrix[static_cast<std::size_t>(q)])
        .subspan(row * observations.size(), observations.size());
  }
  std::span<const SiteRow> rows_of(SiteId site) const {
    return std::span(rows).subspan(first_row[site.index()],
                                   first_row[site.index() + 1] - first_row[site.index()]);
  }
};

}  // namespace heapwatch
