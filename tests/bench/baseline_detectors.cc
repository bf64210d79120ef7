#include "tests/bench/baseline_detectors.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "tests/analysis/trend/rank_trend.h"

namespace heapwatch {
namespace {

constexpr double kHour = 3600;
constexpr double kMiB = 1024.0 * 1024.0;

// The last `hours` of the input; empty where less than nine tenths of that was seen.
BaselineInput Last(const BaselineInput& input, double hours) {
  const double from = input.seconds.back() - hours * kHour;
  const auto found = std::lower_bound(input.seconds.begin(), input.seconds.end(), from);
  const auto first = static_cast<std::size_t>(found - input.seconds.begin());
  BaselineInput out = input;
  out.seconds = input.seconds.subspan(first);
  out.inuse = input.inuse.subspan(first);
  if (out.seconds.size() < 4 || out.seconds.back() - out.seconds.front() < 0.9 * hours * kHour) {
    out.seconds = out.inuse = {};
  }
  return out;
}

struct Ols {
  double slope = 0;
  double r2 = 0;
};

Ols FitOls(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  if (x.size() < 3) return {};
  double mx = 0;
  double my = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    xy += (x[i] - mx) * (y[i] - my);
    yy += (y[i] - my) * (y[i] - my);
  }
  if (xx <= 0 || yy <= 0) return {};
  return {.slope = xy / xx, .r2 = xy * xy / (xx * yy)};
}

// Mann and Kendall's test for a rise, and Theil and Sen's slope for its size, over 72 values at
// most.
bool MannKendallAndSen(const BaselineInput& in) {
  std::vector<double> x;
  std::vector<double> y;
  const std::size_t stride = std::max<std::size_t>(1, in.inuse.size() / 72);
  for (std::size_t i = 0; i < in.inuse.size(); i += stride) {
    x.push_back(in.seconds[i]);
    y.push_back(in.inuse[i]);
  }
  return testing::RankTrend(y).z > 3.09 &&
         testing::TheilSenSlope(x, y) * (x.back() - x.front()) > kMiB;
}

// RESIN's idea on one process: the window in 20 buckets; nearly all rise, and the last is far above
// the rest.
bool Pivot(const BaselineInput& in) {
  constexpr std::size_t kBuckets = 20;
  if (in.seconds.size() < kBuckets) return false;
  std::vector<double> mean(kBuckets, 0.0);
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const std::size_t from = b * in.inuse.size() / kBuckets;
    const std::size_t to = (b + 1) * in.inuse.size() / kBuckets;
    for (std::size_t i = from; i < to; ++i) mean[b] += in.inuse[i] / static_cast<double>(to - from);
  }
  std::size_t rises = 0;
  for (std::size_t b = 1; b < kBuckets; ++b) rises += mean[b] > mean[b - 1] ? 1U : 0U;
  return rises >= 16 && mean.back() - mean.front() > 2 * kMiB;
}

bool Coroot(const BaselineInput& in) {
  if (in.seconds.empty() || in.limit_bytes <= 0) return false;
  const Ols whole = FitOls(in.seconds, in.inuse);
  const std::size_t quarter = in.seconds.size() * 3 / 4;
  const Ols tail = FitOls(in.seconds.subspan(quarter), in.inuse.subspan(quarter));
  return whole.slope > 0 && tail.slope >= 0.3 * whole.slope &&
         whole.slope * kHour >= 0.05 * in.limit_bytes;
}

bool PredictLinear(const BaselineInput& in) {
  if (in.seconds.empty() || in.limit_bytes <= 0) return false;
  const Ols fit = FitOls(in.seconds, in.inuse);
  return in.process_bytes + fit.slope * 24 * kHour > in.limit_bytes;
}

}  // namespace

std::vector<Baseline> Baselines() {
  const auto over = [](double hours, auto rule) {
    return [hours, rule](const BaselineInput& input) {
      const BaselineInput in = Last(input, hours);
      return !in.seconds.empty() && rule(in);
    };
  };
  const auto slope_above = [](double bytes_per_second) {
    return [bytes_per_second](const BaselineInput& in) {
      return FitOls(in.seconds, in.inuse).slope > bytes_per_second;
    };
  };
  const auto good_line = [](const BaselineInput& in) {
    const Ols fit = FitOls(in.seconds, in.inuse);
    const double length = in.seconds.back() - in.seconds.front();
    return fit.r2 > 0.8 && fit.slope * length > 2 * kMiB;
  };
  return {{"deriv(1h) > 1 kB/s", over(1, slope_above(1e3))},
          {"deriv(1h) > 10 kB/s", over(1, slope_above(1e4))},
          {"predict_linear(6h) to the limit", over(6, PredictLinear)},
          {"OLS, R^2 > .8, 12 h", over(12, good_line)},
          {"Mann-Kendall + Sen, 6 h", over(6, MannKendallAndSen)},
          {"pivot of 20 buckets, 12 h", over(12, Pivot)},
          {"Coroot's rule, 24 h", over(24, Coroot)}};
}

}  // namespace heapwatch
