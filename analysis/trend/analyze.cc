#include "analysis/trend/analyze.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "analysis/trend/churn.h"
#include "analysis/trend/explain.h"
#include "analysis/trend/forecast.h"
#include "analysis/trend/growth.h"
#include "analysis/trend/load.h"
#include "analysis/trend/own_load.h"
#include "analysis/trend/patience.h"

namespace heapwatch {
namespace {

constexpr std::size_t kBins = 64;
// Windows looked at: the whole life, and its last half, quarter and eighth. A growth that began
// anywhere fills at least half of one of them.
constexpr std::array<double, 4> kWindowShares = {1, 0.5, 0.25, 0.125};
// Of the mean slope, what is next to nothing.
constexpr double kNothingShare = 0.25;
// Courses less likely than this are not worth a mention.
constexpr double kMentionedWeight = 0.01;

bool Has(const SiteWindow& window, Quantity quantity) {
  return window.has[static_cast<std::size_t>(quantity)];
}

// What all sites of one target share. Loads are worked out when the first site asks for them: a
// quiet target never does.
class Target {
 public:
  Target(const SiteWindow& window, std::size_t end, const TrendOptions& options)
      : window_(window), options_(options), life_(CurrentLife(window, end)) {
    // Untold is not exact: the noise of the usual period is allowed for.
    period_told_ = end > 0 && window.observations[end - 1].sampling_period_bytes > 0;
    if (period_told_)
      period_ = static_cast<double>(window.observations[end - 1].sampling_period_bytes);
    const double now = life_.size() > 0 ? life_.seconds.back() : 0;
    const double earliest = std::max(0.0, now - Seconds(options.max_window));
    for (const double share : kWindowShares) {
      const double start = std::max(earliest, now - share * (now - earliest));
      Bins bins = MakeBins(life_, start, kBins);
      const bool long_enough = bins.size() >= options.warm_up_cycles &&
                               bins.length_seconds() >= Seconds(options.warm_up);
      if (long_enough) bins_.push_back(std::move(bins));
    }
    for (const double share : kStretchShares)
      stretches_.emplace_back(life_, life_.index_at(now - share * (now - earliest)));
  }

  const SiteWindow& window() const { return window_; }
  const TrendOptions& options() const { return options_; }
  const Timeline& life() const { return life_; }
  double period_bytes() const { return period_; }
  bool period_told() const { return period_told_; }
  const std::vector<StretchMeter>& stretches() const { return stretches_; }
  double total_inuse() const {
    double total = 0;
    if (life_.size() == 0) return 0;
    for (std::size_t row = 0; row < window_.rows.size(); ++row) {
      total +=
          static_cast<double>(window_.series(Quantity::kInuseSpace, row)[life_.columns.back()]);
    }
    return total;
  }

  const std::vector<TrendWindow>& windows() {
    if (windows_.empty()) {
      for (Bins& bins : bins_) {
        std::vector<double> load = FindLoad(bins);
        windows_.push_back(MakeTrendWindow(std::move(bins), std::move(load)));
      }
      bins_.clear();
      own_load_windows_.resize(windows_.size());
    }
    return windows_;
  }

  // For each window, that of the site looked at last with its own load; to be filled anew.
  std::vector<std::optional<TrendWindow>>& own_load_windows() { return own_load_windows_; }

  // However long it is: what is given back once a week is seen in no shorter window.
  const TrendWindow& whole_life() {
    if (!windows().empty() && windows().front().bins.start_seconds == life_.seconds.front())
      return windows().front();
    if (!whole_life_) {
      Bins bins = MakeBins(life_, 0, kBins);
      std::vector<double> load = FindLoad(bins);
      whole_life_ = MakeTrendWindow(std::move(bins), std::move(load));
    }
    return *whole_life_;
  }

  SiteLife LifeOf(SiteId site) const { return MakeSiteLife(window_, life_, site, period_); }

 private:
  std::vector<double> FindLoad(const Bins& bins) const {
    if (!Has(window_, Quantity::kAllocSpace)) return {};
    std::vector<std::vector<double>> rates;
    for (std::size_t s = 0; s < window_.sites.size(); ++s) {
      const double allocated = AllocatedBytes(bins, window_, life_, SiteId(s));
      if (TellsLoad(allocated / std::max(period_, 1.0), bins.size()))
        rates.push_back(AllocationRates(bins, window_, life_, SiteId(s)));
    }
    return LoadIndex(rates);
  }

  const SiteWindow& window_;
  const TrendOptions& options_;
  Timeline life_;
  double period_ = kUsualSamplingPeriodBytes;
  bool period_told_ = false;
  std::vector<StretchMeter> stretches_;
  std::vector<Bins> bins_;
  std::optional<TrendWindow> whole_life_;
  std::vector<std::optional<TrendWindow>> own_load_windows_;
  std::vector<TrendWindow> windows_;  // made from bins_ when first asked for
};

double MaterialGrowth(const SiteWindow& window, const TrendOptions& options) {
  double material = options.min_growth_bytes;
  if (window.limit_bytes) {
    const auto limit = static_cast<double>(*window.limit_bytes);
    material = std::max(material, options.min_growth_of_limit * limit);
  }
  return material;
}

bool IsUrgent(const Target& target, const Growth& growth, const TrendOptions& options) {
  const auto& limit = target.window().limit_bytes;
  if (!limit) return false;
  const double headroom = static_cast<double>(*limit) - target.total_inuse() + growth.growth_bytes;
  return growth.growth_bytes >= options.urgent_share_of_headroom * headroom;
}

Onset OnsetOf(const Target& target, const Growth& growth) {
  if (growth.began_mid_life) return Onset::kMidLife;
  const auto& observations = target.window().observations;
  const std::size_t first = target.life().first_column;
  const bool new_build = first > 0 && observations[first].build != observations[first - 1].build;
  return new_build ? Onset::kDeploy : Onset::kProcessStart;
}

double LengthSeconds(const Target& target, const Growth& growth) {
  return target.life().seconds.back() - growth.start_seconds;
}

double SamplingErrorOfSlope(const Target& target, const Growth& growth) {
  const double length = LengthSeconds(target, growth);
  return length > 0 ? growth.standard_error / length : 0;
}

double ErrorOfSlope(const Target& target, const Growth& growth) {
  return std::max(growth.shape.end_slope_error, SamplingErrorOfSlope(target, growth));
}

Interval SlopeInterval(const Target& target, const Growth& growth) {
  const double slope = growth.shape.best.end_slope;
  const double error = ErrorOfSlope(target, growth);
  return {.low = slope - kTwoSided95 * error, .high = slope + kTwoSided95 * error};
}

PatienceInput ForPatience(const Target& target, const Growth& growth) {
  const double by_sampling = SamplingErrorOfSlope(target, growth);
  return {.began_mid_life = growth.began_mid_life,
          .retention = growth.retention,
          .error_over_sampling = by_sampling > 0 ? ErrorOfSlope(target, growth) / by_sampling : 1,
          .spacing_seconds = target.life().spacing_seconds};
}

double WaitSeconds(const Target& target, const Growth& growth) {
  return PatienceSeconds(ForPatience(target, growth), target.options());
}

void Fill(Verdict& verdict, const Target& target, const Growth& growth) {
  const CourseFit& best = growth.shape.best;
  const auto& observations = target.window().observations;
  const Timeline& life = target.life();
  verdict.slope_bytes_per_second = best.end_slope;
  verdict.slope_interval = SlopeInterval(target, growth);
  verdict.growth_bytes = growth.growth_bytes;
  verdict.growth_standard_error = growth.standard_error;
  verdict.z = growth.z;
  verdict.effective_n = growth.shape.effective_n;
  verdict.retention = growth.retention;
  verdict.course = ToString(best.course);
  for (std::size_t c = 0; c < kCourseCount; ++c) {
    const double weight = growth.shape.weights[c];
    if (weight >= kMentionedWeight)
      verdict.course_weights.push_back({ToString(static_cast<Course>(c)), weight});
  }
  std::sort(verdict.course_weights.begin(), verdict.course_weights.end(),
            [](const auto& a, const auto& b) { return a.weight > b.weight; });
  verdict.growing_for = Duration(std::llround(LengthSeconds(target, growth) * 1000));
  verdict.onset = OnsetOf(target, growth);
  verdict.from = observations[life.columns[life.index_at(growth.start_seconds)]].time;
  if (target.window().limit_bytes) {
    verdict.seconds_to_limit =
        SecondsToLimit(target.total_inuse(), static_cast<double>(*target.window().limit_bytes),
                       verdict.slope_interval, target.options().gogc);
  }
}

// How far a growth gets on the way to a leak; larger is further.
enum class Stage { kNone, kLevelled, kGrowing, kWaiting, kLeak };

// Of what levels off.
bool StillGrows(const Target& target, const Growth& growth) {
  return SlopeInterval(target, growth).low > 0 &&
         growth.shape.best.end_slope > kNothingShare * growth.shape.line.end_slope;
}

Stage StageOf(const Target& target, const Growth& growth, double material) {
  const TrendOptions& options = target.options();
  const bool sure = growth.z >= options.min_z && growth.fit_z >= options.min_z;
  if (!sure || growth.growth_bytes < material) {
    // A rise over the window that the best course says is over.
    const CourseFit& line = growth.shape.line;
    const double rise = line.end_slope * line.last_piece_seconds;
    const bool grew = growth.shape.best.course != Course::kConstant && rise >= material;
    return growth.levels_off && grew ? Stage::kLevelled : Stage::kNone;
  }
  if (growth.levels_off) return StillGrows(target, growth) ? Stage::kGrowing : Stage::kLevelled;
  if (growth.tail_of_curve || growth.unresolved || !growth.in_every_third || !growth.keeps_pace ||
      growth.above_give_backs_bytes < 0.5 * growth.growth_bytes || growth.load_share > 0.5) {
    return Stage::kGrowing;
  }
  if (IsUrgent(target, growth, options)) return Stage::kLeak;
  const double known_share = KnownShare(ForPatience(target, growth), options);
  if (SlopeInterval(target, growth).low < known_share * growth.shape.best.end_slope)
    return Stage::kGrowing;
  const bool waited = LengthSeconds(target, growth) >= WaitSeconds(target, growth);
  return waited ? Stage::kLeak : Stage::kWaiting;
}

void JudgeGrowth(Verdict& verdict, Target& target, const SiteLife& site, double in_flight_bytes) {
  const double material =
      std::max(MaterialGrowth(target.window(), target.options()), in_flight_bytes);
  verdict.kind = VerdictKind::kStable;
  verdict.reason = "no growth beyond sampling noise and load";
  const auto [low, high] = std::minmax_element(site.inuse.begin(), site.inuse.end());
  // By definition: what never moved by what counts is stable, whatever line lies through it.
  if (*high - *low < material) return;
  std::optional<Growth> chosen;
  Stage stage = Stage::kNone;
  bool curve_seen = false;  // in a longer window
  const std::vector<TrendWindow>& windows = target.windows();
  const std::vector<double> sums = CumulativeSums(site.inuse);
  std::vector<double> levels;  // of the whole life; worked out for the first growth
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const TrendWindow& window = windows[w];
    const auto measure = [&](const TrendWindow& as) {
      auto measured = MeasureGrowth(target.life(), site, sums, as, material);
      if (!measured) return measured;
      if (levels.empty()) levels = LevelsWithoutSwing(site, sums, target.whole_life());
      measured->above_give_backs_bytes = AboveGiveBacks(levels, measured->growth_bytes);
      measured->load_share = ShareOfLoad(target.life(), site, sums, as, *measured);
      measured->tail_of_curve = curve_seen && !measured->began_mid_life;
      return measured;
    };
    auto growth = measure(window);
    if (!growth) continue;
    Stage reached = StageOf(target, *growth, material);
    curve_seen = curve_seen || (reached >= Stage::kLevelled && growth->levels_off &&
                                growth->shape.best.course == Course::kSaturating);
    // The site's own load can only take back what the load of the process let through.
    if (reached >= Stage::kWaiting && reached > stage) {
      std::optional<TrendWindow>& own = target.own_load_windows()[w];
      if (TakeOwnLoad(target.life(), site, window, own)) {
        const auto closer = measure(*own);
        const Stage again = closer ? StageOf(target, *closer, material) : Stage::kNone;
        if (again < reached) {
          growth = closer;
          reached = again;
        }
      }
    }
    if (reached > stage) {
      stage = reached;
      chosen = growth;
    }
    if (stage == Stage::kLeak) break;
  }
  if (!chosen) return;
  Fill(verdict, target, *chosen);
  verdict.patience = Duration(std::llround(1000 * WaitSeconds(target, *chosen)));
  verdict.only_patience_lacks = stage == Stage::kWaiting;
  switch (stage) {
    case Stage::kLeak:
      verdict.kind = VerdictKind::kLeak;
      break;
    case Stage::kLevelled:
      verdict.kind = VerdictKind::kPlateau;
      break;
    default:
      verdict.kind = VerdictKind::kGrowing;
      break;
  }
  verdict.reason = ExplainGrowth(verdict, *chosen);
}

Verdict Judge(Target& target, SiteId id) {
  const TrendOptions& options = target.options();
  const Timeline& life = target.life();
  const auto& observations = target.window().observations;
  Verdict verdict;
  verdict.site = id;
  verdict.to = observations[life.columns.back()].time;
  verdict.from = observations[life.columns.front()].time;
  if (!Has(target.window(), Quantity::kInuseSpace)) {
    verdict.reason = "what is live is not told, only what was allocated";
    return verdict;
  }
  const SiteLife site = target.LifeOf(id);
  verdict.inuse_bytes = site.inuse.back();
  verdict.sampling_period_bytes = target.period_bytes();
  verdict.sampling_period_told = target.period_told();
  if (life.watched_seconds < Seconds(options.warm_up) || life.size() < options.warm_up_cycles) {
    verdict.reason = ExplainInsufficient(Duration(std::llround(1000 * life.watched_seconds)),
                                         life.size(), options);
    return verdict;
  }
  for (std::size_t i = 0; i < kStretchShares.size(); ++i)
    verdict.stretches[i] = target.stretches()[i].Measure(life, site);
  const auto rate = site.alloc.empty()
                        ? std::nullopt
                        : RecentChurn(life, site.inuse, site.alloc, options.churn_for);
  JudgeGrowth(verdict, target, site, rate ? InFlightBytes(*rate) : 0);
  if (!rate) return verdict;
  verdict.alloc_bytes_per_second = rate->alloc_bytes_per_second;
  const bool flat = verdict.kind == VerdictKind::kStable || verdict.kind == VerdictKind::kPlateau;
  if (flat && IsChurn(*rate, options)) {
    verdict.kind = VerdictKind::kChurn;
    verdict.reason = ExplainChurn(*rate);
  }
  return verdict;
}

}  // namespace

std::vector<Verdict> Analyze(const SiteWindow& window, std::size_t end,
                             const TrendOptions& options) {
  std::vector<Verdict> verdicts;
  Target target(window, end, options);
  verdicts.reserve(window.sites.size());
  for (std::size_t s = 0; s < window.sites.size() && target.life().size() > 0; ++s) {
    verdicts.push_back(Judge(target, SiteId(s)));
  }
  return verdicts;
}

}  // namespace heapwatch
