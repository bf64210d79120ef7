// Hands out a row for each (site, block size) as they are met, and at the end puts sites and rows
// in their final order, which does not depend on the order they were met in. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

class RowGrouping {
 public:
  // The number of this site: sites are one where function and line agree, wherever the file lies.
  std::size_t SiteNumber(const Site& site);
  // The number of the row of this site and block size, counted in the order rows were first asked
  // for.
  std::size_t RowNumber(std::size_t site, std::int64_t block_bytes);

  std::size_t row_count() const { return rows_.size(); }

  // Fills sites, rows and first_row of the window. Returns where each row number went: order[row
  // number] = row of the window.
  std::vector<std::size_t> Arrange(SiteWindow& window) const;

 private:
  using SiteName = std::tuple<std::string, std::int64_t, bool>;

  std::map<SiteName, std::size_t> number_of_site_;
  std::vector<Site> sites_;
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> number_of_row_;
  std::vector<std::pair<std::size_t, std::int64_t>> rows_;
};

}  // namespace heapwatch
