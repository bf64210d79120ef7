#include "analysis/trend/verdict_tracker.h"

#include <algorithm>
#include <cmath>

#include "analysis/base/units.h"
#include "analysis/trend/cost_shift.h"
#include "analysis/trend/patience.h"
#include "analysis/trend/standstill.h"

namespace heapwatch {
namespace {

constexpr double kClearedSlopeShare = 0.25;
constexpr double kGivenBackShare = 0.5;
// A growth after a restart is the same one if its slope is within this factor of the one before.
constexpr double kSameSlopeFactor = 4;
// What fills again is as high as before, give or take the noise of sampling.
constexpr double kHigherThanBefore = 1.15;
// Of the scrapes, where a wait is not that of one site.
constexpr double kUsualSpacingSeconds = 60;

// How long a leak may rest before it has ended.
double RestSeconds(const TrendOptions& trend) {
  return PatienceSeconds(
      {.began_mid_life = true, .retention = 1, .spacing_seconds = kUsualSpacingSeconds}, trend);
}

bool IsGrowth(VerdictKind kind) {
  return kind == VerdictKind::kLeak || kind == VerdictKind::kGrowing;
}

// Whether this life had the time to show the growth that is known, and brought less than `share` of
// it. Not before so much was to be expected that noise could not hide it.
bool HasFailedToShow(const SiteSuspicion& site, const Verdict& verdict, double share,
                     const TrendOptions& trend) {
  const double expected = site.slope_bytes_per_second * Seconds(verdict.to - site.first->time);
  const double grown = verdict.inuse_bytes - site.first->inuse_bytes;
  return expected > 4 * trend.min_growth_bytes && grown < share * expected;
}

bool SameSlope(double a, double b) {
  return a < kSameSlopeFactor * b && b < kSameSlopeFactor * a;  // both above 0, then
}

// Where a site stands whose life ends. What has levelled off is called stable once the growth lies
// too far back.
std::optional<double> StandsAt(const SiteSuspicion& site) {
  switch (site.standing) {
    case VerdictKind::kPlateau:
      return site.most_inuse_bytes;
    case VerdictKind::kStable:
    case VerdictKind::kChurn:
      return site.last_inuse_bytes;
    default:
      return std::nullopt;
  }
}

// Whether a growth fills up again what stood full before the restart. What stands full anew and
// grows on does not: most of that growth lies above.
bool FillsAgain(const SiteSuspicion& site, const Verdict& verdict) {
  return site.levelled_at_bytes &&
         verdict.inuse_bytes < kHigherThanBefore * *site.levelled_at_bytes &&
         verdict.inuse_bytes - verdict.growth_bytes / 2 < *site.levelled_at_bytes;
}

}  // namespace

std::string VerdictTracker::WhyItStands(const SiteSuspicion& site) const {
  if (site.standing != VerdictKind::kLeak) {
    return std::string(ToString(site.standing)) + " until " + std::to_string(options_.evaluations) +
           " heap states in a row say otherwise";
  }
  return site.from_earlier_life
             ? "leaked before the restart and has not yet had time to show it again"
             : "a leak until it is seen to end";
}

void VerdictTracker::BeginLife() {
  for (auto& [id, site] : sites_) {
    if (site.standing == VerdictKind::kLeak) {
      site.from_earlier_life = true;
      site.levelled_at_bytes.reset();
    } else {
      if (const auto level = StandsAt(site))
        site.levelled_at_bytes = std::max(site.levelled_at_bytes.value_or(0), *level);
      if (site.only_patience_lacks) site.before = {site.slope_bytes_per_second, false};
      site.standing = site.candidate = VerdictKind::kInsufficientData;
    }
    site.only_patience_lacks = false;
    site.streak = 0;
    site.first.reset();
    site.peak_inuse_bytes = 0;
    site.most_inuse_bytes = 0;
  }
}

void VerdictTracker::TakeOver(const SiteWindow& window, std::size_t end, const Verdict& verdict) {
  SiteSuspicion& site = sites_[window.sites[verdict.site.index()].id()];
  if (!verdict.only_patience_lacks || site.before) return;
  const auto before = Predecessor(window, end, verdict.site);
  if (!before) return;
  const auto known = sites_.find(window.sites[before->index()].id());
  if (known == sites_.end()) return;
  SiteSuspicion& old = known->second;
  if (!SameSlope(verdict.slope_bytes_per_second, old.slope_bytes_per_second)) return;
  site.before =
      old.from_earlier_life ? SiteSuspicion::Unended{old.slope_bytes_per_second, true} : old.before;
  site.levelled_at_bytes = old.levelled_at_bytes;
  old = SiteSuspicion{};
  old.standing = VerdictKind::kStable;
}

bool VerdictTracker::LookAtPace(SiteSuspicion& site, const SiteWindow& window, const Timeline& life,
                                const Verdict& verdict, const TrendOptions& trend) {
  if (verdict.kind == VerdictKind::kLeak) {
    site.work_bytes_per_second = WorkSince(window, life, verdict.from);
    site.last_leaked = verdict.to;
    return false;
  }
  if (!site.last_leaked) return false;
  const LeakPace pace = {.slope_bytes_per_second = site.slope_bytes_per_second,
                         .work_bytes_per_second = site.work_bytes_per_second,
                         .seen = *site.last_leaked};
  return IsAtStandstill(window, life, verdict.site, pace,
                        std::ldexp(RestSeconds(trend), static_cast<int>(site.standstills)),
                        verdict.sampling_period_bytes, trend);
}

bool VerdictTracker::MayClear(const SiteSuspicion& site, const Verdict& verdict,
                              const TrendOptions& trend) {
  if (site.from_earlier_life) return HasFailedToShow(site, verdict, kClearedSlopeShare, trend);
  if (site.peak_inuse_bytes - verdict.inuse_bytes > kGivenBackShare * site.growth_bytes)
    return true;
  return site.last_grown && Seconds(verdict.to - *site.last_grown) >= RestSeconds(trend);
}

void VerdictTracker::Settle(SiteSuspicion& site, Verdict& verdict, bool new_state,
                            bool at_standstill, const TrendOptions& trend) const {
  if (!site.first && verdict.kind != VerdictKind::kInsufficientData)
    site.first = {verdict.to, verdict.inuse_bytes};
  if (IsGrowth(verdict.kind) && site.before &&
      SameSlope(verdict.slope_bytes_per_second, site.before->slope_bytes_per_second)) {
    verdict.carried_over_restart = true;
    if (verdict.kind == VerdictKind::kLeak) {
      verdict.reason += "; it grew in the same way before the restart";
    } else if (verdict.only_patience_lacks && site.before->leaked) {
      verdict.kind = VerdictKind::kLeak;
      verdict.reason += "; but it leaked in the same way before the restart, under another name";
    }
  }
  site.most_inuse_bytes = std::max(site.most_inuse_bytes, verdict.inuse_bytes);
  site.last_inuse_bytes = verdict.inuse_bytes;
  if (verdict.kind == VerdictKind::kLeak && FillsAgain(site, verdict)) {
    verdict.kind = VerdictKind::kGrowing;
    verdict.reason += "; but before the restart it levelled off at " +
                      FormatBytes(*site.levelled_at_bytes) + ", and it is not higher yet";
  }
  const bool leaks = site.standing == VerdictKind::kLeak;
  if (IsGrowth(verdict.kind)) {
    site.last_grown = verdict.to;
    if (!leaks || verdict.kind == VerdictKind::kLeak) {
      site.slope_bytes_per_second = verdict.slope_bytes_per_second;
    }
    site.only_patience_lacks = verdict.only_patience_lacks;
  } else if (verdict.kind == VerdictKind::kPlateau) {
    site.only_patience_lacks = false;
    // Seen to level off: what looked like a leak before the restart was none. Little growth and
    // much noise, as after a restart, may look so for a while.
    if (HasFailedToShow(site, verdict, kGivenBackShare, trend)) site.before.reset();
  }
  if (new_state) {
    site.streak = verdict.kind == site.candidate ? site.streak + 1 : 1;
    site.candidate = verdict.kind;
  }
  if (verdict.kind == VerdictKind::kLeak) {
    site.from_earlier_life = site.from_earlier_life && site.streak < options_.evaluations;
    site.growth_bytes = std::max(site.growth_bytes, verdict.growth_bytes);
  }
  site.peak_inuse_bytes =
      leaks ? std::max(site.peak_inuse_bytes, verdict.inuse_bytes) : verdict.inuse_bytes;
  const bool first = site.standing == VerdictKind::kInsufficientData && !IsGrowth(verdict.kind);
  const bool settled = first || site.streak >= options_.evaluations;
  if (!settled || verdict.kind == site.standing) return;
  if (leaks) {
    if (verdict.kind == VerdictKind::kInsufficientData) return;
    if (at_standstill) {
      ++site.standstills;
    } else if (IsGrowth(verdict.kind) || !MayClear(site, verdict, trend)) {
      return;
    }
    site.from_earlier_life = false;
    site.before.reset();
    site.growth_bytes = 0;
  }
  site.standing = verdict.kind;
}

std::vector<Verdict> VerdictTracker::Step(const SiteWindow& window, std::size_t end,
                                          std::vector<Verdict> verdicts,
                                          const TrendOptions& trend) {
  if (end == 0) return verdicts;
  const Observation& now = window.observations[end - 1];
  // A clock that was set back leaves nothing later to look at: the latest observation speaks for
  // itself.
  bool new_state = !last_ || (now.time < last_->time && now.is_new);
  bool new_life = false;
  for (std::size_t i = end; last_ && i-- > 0 && window.observations[i].time > last_->time;) {
    new_state = new_state || window.observations[i].is_new;
    new_life = new_life || (i > 0 && !SameLife(window.observations[i], window.observations[i - 1]));
  }
  if (new_life) BeginLife();
  last_ = now;
  std::optional<Timeline> life;
  for (Verdict& verdict : verdicts) {
    SiteSuspicion& site = sites_[window.sites[verdict.site.index()].id()];
    TakeOver(window, end, verdict);
    bool at_standstill = false;
    if (site.standing == VerdictKind::kLeak || verdict.kind == VerdictKind::kLeak) {
      if (!life) life = CurrentLife(window, end);
      at_standstill = LookAtPace(site, window, *life, verdict, trend);
    }
    Settle(site, verdict, new_state, at_standstill, trend);
    if (site.from_earlier_life) verdict.carried_over_restart = true;
    if (verdict.kind == site.standing) continue;
    verdict.reason = WhyItStands(site) + "; now: " + verdict.reason;
    verdict.kind = site.standing;
    verdict.only_stands = true;
  }
  return verdicts;
}

}  // namespace heapwatch
