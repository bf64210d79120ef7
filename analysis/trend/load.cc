#include "analysis/trend/load.h"

#include "analysis/trend/median.h"

namespace heapwatch {
namespace {

// A site counts from this many sampled allocations per bin on: its rate is then known within 20 %.
constexpr double kMinSamplesPerBin = 25;

}  // namespace

bool TellsLoad(double sampled_allocations, std::size_t bins) {
  return bins > 0 && sampled_allocations >= kMinSamplesPerBin * static_cast<double>(bins);
}

std::vector<double> LoadIndex(std::span<const std::vector<double>> site_rates) {
  std::vector<const std::vector<double>*> sites;
  std::vector<double> means;
  std::size_t bins = 0;
  for (const std::vector<double>& rates : site_rates) {
    double sum = 0;
    for (const double rate : rates) sum += rate;
    if (sum <= 0) continue;
    bins = rates.size();
    sites.push_back(&rates);
    means.push_back(sum / static_cast<double>(rates.size()));
  }
  std::vector<double> load;
  std::vector<double> values;
  double total = 0;
  for (std::size_t k = 0; k < bins; ++k) {
    values.clear();
    for (std::size_t s = 0; s < sites.size(); ++s) values.push_back((*sites[s])[k] / means[s]);
    load.push_back(Median(values));
    total += load.back();
  }
  if (total <= 0) return {};
  for (double& value : load) value *= static_cast<double>(bins) / total;
  return load;
}

std::vector<double> WorkSeconds(const Bins& bins, std::span<const double> load) {
  std::vector<double> work(bins.size(), 0.0);
  for (std::size_t k = 1; k < bins.size(); ++k) {
    const double step = bins.seconds[k] - bins.seconds[k - 1];
    work[k] = work[k - 1] + step * 0.5 * (load[k] + load[k - 1]);
  }
  return work;
}

}  // namespace heapwatch
