#include "analysis/trend/stretch.h"

#include <Eigen/Core>
#include <algorithm>
#include <span>

#include "analysis/trend/growth.h"
#include "analysis/trend/site_life.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMinObservations = 8;
// Levels are means over this share of the stretch.
constexpr double kLevelShare = 0.06;

Eigen::Map<const Eigen::VectorXd> Vector(std::span<const double> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

}  // namespace

StretchMeter::StretchMeter(const Timeline& life, std::size_t first) : first_(first) {
  if (first + kMinObservations > life.size()) return;
  const auto seconds = std::span(life.seconds).subspan(first);
  start_seconds_ = seconds.front();
  seconds_ = seconds.back() - start_seconds_;
  if (seconds_ <= 0) return;
  const Eigen::ArrayXd centred = Vector(seconds).array() - Vector(seconds).mean();
  const Eigen::ArrayXd weights = centred / centred.square().sum();
  slope_weights_.assign(weights.begin(), weights.end());
  const double width = kLevelShare * seconds_;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const double middle =
        start_seconds_ + width / 2 + (seconds_ - width) * static_cast<double>(i) / 3;
    Range& range = levels_[i];
    range.begin = life.index_at(middle - width / 2);
    range.end = range.begin + 1;
    while (range.end < life.size() && life.seconds[range.end] <= middle + width / 2) ++range.end;
  }
  for (std::size_t i = 0; i < quarters_.size(); ++i)
    quarters_[i] = life.index_at(start_seconds_ + seconds_ * static_cast<double>(i) / 4);
}

std::optional<Stretch> StretchMeter::Measure(const Timeline& life, const SiteLife& site) const {
  if (seconds_ <= 0) return std::nullopt;
  Stretch out;
  out.seconds = seconds_;
  out.spacing_seconds = life.spacing_seconds;
  out.growth_bytes = seconds_ * Vector(slope_weights_).dot(Vector(site.inuse.subspan(first_)));
  out.variance = SamplingVariance(life, site, start_seconds_);
  std::array<double, 4> knots = {};
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const Range& range = levels_[i];
    knots[i] = Vector(site.inuse.subspan(range.begin, range.end - range.begin)).mean();
  }
  out.start_bytes = knots[0];
  for (std::size_t i = 0; i < 3; ++i) out.third_bytes[i] = knots[i + 1] - knots[i];
  out.last_third_variance = SamplingVariance(life, site, start_seconds_ + seconds_ * 2 / 3);
  if (site.alloc.empty()) return out;
  out.alloc_bytes.emplace();
  for (std::size_t i = 0; i < 4; ++i)
    (*out.alloc_bytes)[i] = site.alloc[quarters_[i + 1]] - site.alloc[quarters_[i]];
  for (const SiteLife::Class& cls : site.classes) out.alloc_samples += cls.BornSince(first_);
  return out;
}

}  // namespace heapwatch
