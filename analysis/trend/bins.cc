#include "analysis/trend/bins.h"

#include <algorithm>

#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

// `total(i)` is the cumulative quantity at distinct observation i.
template <class Total>
std::vector<double> RatesOf(const Bins& bins, const Timeline& life, Total total) {
  std::vector<double> rates(bins.size());
  std::size_t from = bins.begin.empty() || bins.begin[0] == 0 ? 0 : bins.begin[0] - 1;
  double before = life.size() > 0 ? total(from) : 0;
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const std::size_t to = bins.begin[k + 1] - 1;
    const double now = total(to);
    const double seconds = life.seconds[to] - life.seconds[from];
    rates[k] = seconds > 0 ? (now - before) / seconds : 0;
    from = to;
    before = now;
  }
  if (rates.size() > 1 && bins.begin[0] + 1 == bins.begin[1]) rates[0] = rates[1];
  return rates;
}

std::int64_t AllocatedUntil(const SiteWindow& window, const Timeline& life, SiteId site,
                            std::size_t observation) {
  std::int64_t bytes = 0;
  for (std::size_t row = window.first_row[site.index()]; row < window.first_row[site.index() + 1];
       ++row)
    bytes =
        WrappingSum(bytes, window.series(Quantity::kAllocSpace, row)[life.columns[observation]]);
  return bytes;
}

}  // namespace

std::size_t Bins::first_from(double second) const {
  const auto found = std::lower_bound(seconds.begin(), seconds.end(), second);
  return static_cast<std::size_t>(found - seconds.begin());
}

Bins MakeBins(const Timeline& life, double start_seconds, std::size_t count) {
  Bins bins;
  const auto first = static_cast<std::size_t>(
      std::lower_bound(life.seconds.begin(), life.seconds.end(), start_seconds) -
      life.seconds.begin());
  const std::size_t n = life.size();
  if (first >= n) return bins;
  bins.start_seconds = life.seconds[first];
  bins.end_seconds = life.seconds[n - 1];
  // A trifle wider, so that the last observation falls into the last bin.
  const double width = bins.length_seconds() / static_cast<double>(count) * (1 + 1e-9);
  const bool one_each = n - first <= count || width <= 0;
  double edge = bins.start_seconds + width;
  double sum = 0;
  std::size_t begin = first;
  for (std::size_t i = first; i < n; ++i) {
    sum += life.seconds[i];
    const bool last = i + 1 == n;
    if (!last && !one_each && life.seconds[i + 1] < edge) continue;
    bins.begin.push_back(begin);
    bins.seconds.push_back(sum / static_cast<double>(i + 1 - begin));
    begin = i + 1;
    sum = 0;
    while (!last && !one_each && edge <= life.seconds[i + 1]) edge += width;
  }
  bins.begin.push_back(n);
  return bins;
}

double MeanBetween(std::span<const double> values, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += values[i];
  return to > from ? sum / static_cast<double>(to - from) : 0;
}

std::vector<double> CumulativeSums(std::span<const double> values) {
  std::vector<double> sums(values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + values[i];
  return sums;
}

std::vector<double> BinMeans(const Bins& bins, std::span<const double> sums) {
  std::vector<double> means(bins.size());
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const std::size_t begin = bins.begin[k];
    const std::size_t end = bins.begin[k + 1];
    means[k] = (sums[end] - sums[begin]) / static_cast<double>(end - begin);
  }
  return means;
}

std::vector<double> BinRates(const Bins& bins, const Timeline& life,
                             std::span<const double> values) {
  return RatesOf(bins, life, [&](std::size_t i) { return values[i]; });
}

double AllocatedBytes(const Bins& bins, const SiteWindow& window, const Timeline& life,
                      SiteId site) {
  return static_cast<double>(
      WrappingDifference(AllocatedUntil(window, life, site, life.size() - 1),
                         AllocatedUntil(window, life, site, bins.begin.front())));
}

std::vector<double> AllocationRates(const Bins& bins, const SiteWindow& window,
                                    const Timeline& life, SiteId site) {
  return RatesOf(bins, life, [&](std::size_t i) {
    return static_cast<double>(AllocatedUntil(window, life, site, i));
  });
}

std::vector<double> SiteSeries(const SiteWindow& window, const Timeline& life, SiteId site,
                               Quantity quantity) {
  std::vector<double> values(life.size(), 0.0);
  for (std::size_t row = window.first_row[site.index()]; row < window.first_row[site.index() + 1];
       ++row) {
    const auto series = window.series(quantity, row);
    for (std::size_t i = 0; i < life.size(); ++i) {
      values[i] += static_cast<double>(series[life.columns[i]]);
    }
  }
  return values;
}

}  // namespace heapwatch
