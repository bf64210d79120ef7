// What judging costs: all sites of one target, from the window to the verdicts, in CPU time of one
// core.
//
// The mixture is that of a busy service: most sites flat or tiny, some that follow the load, and
// one in twenty that grows and has to be looked at closely.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "analysis/trend/analyze.h"
#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using testing::kHour;
using testing::kMiB;

SiteWindow MakeWindow(std::size_t sites, double hours) {
  std::vector<testing::SyntheticSite> all;
  for (std::size_t i = 0; i < sites; ++i) {
    const double size = 40 * kMiB * std::pow(0.97, static_cast<double>(i % 200));
    testing::SyntheticSite site{.function = "site" + std::to_string(i),
                                .object_bytes = 64.0 * static_cast<double>(1 + i % 50),
                                .live_bytes = [size](double) { return size; },
                                .turnover_bytes_per_second = size / 300};
    if (i % 20 == 0) {
      site.live_bytes = [size](double t) { return size + 10 * kMiB * t / kHour; };
    } else if (i % 20 < 5) {
      site.live_bytes = [size](double t) { return size * (1 + 0.4 * std::sin(t / (4 * kHour))); };
    }
    all.push_back(std::move(site));
  }
  testing::SyntheticOptions options;
  options.seconds = hours * kHour;
  return testing::SyntheticTarget(1).Make(all, options);
}

void Measure(std::size_t sites, double hours) {
  const SiteWindow window = MakeWindow(sites, hours);
  double best_ms = 1e9;
  std::size_t growing = 0;
  for (int round = 0; round < 7; ++round) {
    const std::clock_t start = std::clock();
    const auto verdicts = Analyze(window, window.observations.size(), {});
    const double ms = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    best_ms = std::min(best_ms, ms);
    growing = static_cast<std::size_t>(
        std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& v) {
          return v.kind == VerdictKind::kLeak || v.kind == VerdictKind::kGrowing;
        }));
  }
  std::printf("%7zu sites %5zu observations %9.2f ms %8.2f us per site   (%zu grow)\n", sites,
              window.observations.size(), best_ms, 1e3 * best_ms / static_cast<double>(sites),
              growing);
}

}  // namespace
}  // namespace heapwatch

int main() {
  std::printf("Analyze, CPU time of one core, best of seven\n");
  heapwatch::Measure(1000, 6);
  for (const std::size_t sites : {100U, 300U, 3000U}) heapwatch::Measure(sites, 6);
  for (const double hours : {1.0, 24.0, 72.0}) heapwatch::Measure(1000, hours);
}
