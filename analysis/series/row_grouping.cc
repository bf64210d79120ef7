#include "analysis/series/row_grouping.h"

namespace heapwatch {

std::size_t RowGrouping::SiteNumber(const Site& site) {
  const auto [it, inserted] = number_of_site_.try_emplace(
      SiteName(site.function, site.line, site.line_is_relative), sites_.size());
  if (inserted) sites_.push_back(site);
  return it->second;
}

std::size_t RowGrouping::RowNumber(std::size_t site, std::int64_t block_bytes) {
  const auto [it, inserted] =
      number_of_row_.try_emplace(std::pair(site, block_bytes), rows_.size());
  if (inserted) rows_.emplace_back(site, block_bytes);
  return it->second;
}

std::vector<std::size_t> RowGrouping::Arrange(SiteWindow& window) const {
  window.sites.clear();
  window.rows.clear();
  window.first_row.assign(1, 0);
  std::vector<std::size_t> order(rows_.size());
  for (const auto& [name, site] : number_of_site_) {
    const SiteId id(window.sites.size());
    window.sites.push_back(sites_[site]);
    for (auto it = number_of_row_.lower_bound({site, INT64_MIN});
         it != number_of_row_.end() && it->first.first == site; ++it) {
      order[it->second] = window.rows.size();
      window.rows.push_back({id, it->first.second});
    }
    window.first_row.push_back(static_cast<std::uint32_t>(window.rows.size()));
  }
  return order;
}

}  // namespace heapwatch
