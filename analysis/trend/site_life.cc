#include "analysis/trend/site_life.h"

#include <numeric>

namespace heapwatch {
namespace {

bool Has(const SiteWindow& window, Quantity quantity) {
  return window.has[static_cast<std::size_t>(quantity)];
}

// Of objects of this row: as the format says, else the mean; far smaller than the period where it
// is not known either, as all such objects have the same unit.
double ObjectBytes(const SiteWindow& window, const Timeline& life, std::size_t row,
                   std::span<const double> inuse) {
  if (window.rows[row].block_bytes > 0) return static_cast<double>(window.rows[row].block_bytes);
  if (!Has(window, Quantity::kInuseObjects)) return 1;
  const auto objects = window.series(Quantity::kInuseObjects, row);
  double count = 0;
  for (const std::uint32_t column : life.columns) count += static_cast<double>(objects[column]);
  return count > 0 ? std::accumulate(inuse.begin(), inuse.end(), 0.0) / count : 1;
}

void CopyRow(std::span<const std::int64_t> row, const Timeline& life, double* out) {
  for (std::size_t i = 0; i < life.size(); ++i) out[i] = static_cast<double>(row[life.columns[i]]);
}

}  // namespace

SiteLife MakeSiteLife(const SiteWindow& window, const Timeline& life, SiteId site,
                      double period_bytes) {
  const bool has_alloc = Has(window, Quantity::kAllocSpace);
  const std::size_t first = window.first_row[site.index()];
  const std::size_t rows = window.first_row[site.index() + 1] - first;
  const std::size_t n = life.size();
  // The series of the only row is that of the site.
  const std::size_t sums = rows == 1 ? 0 : 1;
  const std::size_t quantities = has_alloc ? 2 : 1;
  SiteLife out;
  out.values.resize((rows + sums) * quantities * n);
  const auto series = [&](std::size_t i) { return std::span(out.values).subspan(i * n, n); };
  out.classes.reserve(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    SiteLife::Class cls;
    const auto inuse = series(r);
    CopyRow(window.series(Quantity::kInuseSpace, first + r), life, inuse.data());
    cls.inuse = inuse;
    cls.unit = UnitOf(ObjectBytes(window, life, first + r, inuse), period_bytes);
    if (has_alloc) {
      const auto alloc = series(rows + sums + r);
      CopyRow(window.series(Quantity::kAllocSpace, first + r), life, alloc.data());
      cls.alloc = alloc;
    }
    out.classes.push_back(cls);
  }
  out.inuse = rows == 1 ? series(0) : series(rows);
  if (has_alloc) out.alloc = rows == 1 ? series(1) : series(rows + 1 + rows);
  if (rows == 1) return out;
  for (const SiteLife::Class& cls : out.classes) {
    for (std::size_t i = 0; i < n; ++i) {
      series(rows)[i] += cls.inuse[i];
      if (has_alloc) series(rows + 1 + rows)[i] += cls.alloc[i];
    }
  }
  return out;
}

}  // namespace heapwatch
