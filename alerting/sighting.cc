#include "alerting/sighting.h"

#include <algorithm>

#include "alerting/alert_rules.h"

namespace heapwatch {
namespace {

constexpr double kSlackWhileFiring = 0.5;
constexpr double kClearBelowSlopeShare = 0.25;
constexpr double kClearBelowChurnShare = 0.75;
constexpr double kGainGivenBack = 0.5;
// An interval can stay wide for as long as the site is noisy.
constexpr Duration kHoldAtMost = std::chrono::hours(6);

double MaxOf(const Finding& finding, double (*read)(const Verdict&)) {
  double max = 0;
  for (const ReplicaVerdict& replica : finding.replicas) max = std::max(max, read(replica.verdict));
  return max;
}

bool IsHeld(const Finding& finding, const AlertedFigures& alerted) {
  if (finding.problem == Problem::kTargetDown) return true;
  if (finding.problem == Problem::kRegression) return false;
  const AlertedFigures now = FiguresOf(finding);
  if (finding.problem == Problem::kChurn) return now.rate >= kClearBelowChurnShare * alerted.rate;
  const double upper = finding.only_together()
                           ? finding.pooled->slope_interval.high
                           : MaxOf(finding, [](const Verdict& v) { return v.slope_interval.high; });
  if (upper < kClearBelowSlopeShare * alerted.rate) return false;
  // While it still grows, less memory than before only means that the process began anew.
  if (finding.kind == VerdictKind::kGrowing) return true;
  const double gain_bytes = alerted.inuse_peak_bytes - alerted.inuse_before_bytes;
  return now.inuse_peak_bytes >= alerted.inuse_peak_bytes - kGainGivenBack * gain_bytes;
}

}  // namespace

AlertedFigures FiguresOf(const Finding& finding) {
  AlertedFigures figures;
  figures.rate =
      finding.problem == Problem::kChurn
          ? MaxOf(finding, [](const Verdict& v) { return v.alloc_bytes_per_second.value_or(0); })
          : MaxOf(finding, [](const Verdict& v) { return v.slope_bytes_per_second; });
  if (finding.only_together()) figures.rate = finding.pooled->slope_bytes_per_second;
  figures.inuse_peak_bytes = MaxOf(finding, [](const Verdict& v) { return v.inuse_bytes; });
  figures.inuse_before_bytes =
      figures.inuse_peak_bytes - MaxOf(finding, [](const Verdict& v) { return v.growth_bytes; });
  return figures;
}

Sighting See(const Finding* finding, const AlertRule& rule, bool is_firing,
             const AlertedFigures& alerted, Time last_bad, Time now) {
  if (finding == nullptr) return Sighting::kClear;
  if (IsWanted(*finding, rule, now, is_firing ? kSlackWhileFiring : 1)) return Sighting::kBad;
  const bool has_verdict =
      finding->problem != Problem::kTargetDown && finding->problem != Problem::kRegression;
  if (has_verdict && finding->kind == VerdictKind::kInsufficientData) return Sighting::kUnknown;
  // As bad as can be, and the rule does not want it: it is too small, or the rule has changed.
  const bool is_worst = finding->kind == VerdictKind::kLeak || finding->kind == VerdictKind::kChurn;
  if (has_verdict && is_worst) return Sighting::kClear;
  const bool is_flat = has_verdict && finding->kind != VerdictKind::kGrowing;
  if (is_flat && now - last_bad >= kHoldAtMost) return Sighting::kClear;
  return IsHeld(*finding, alerted) ? Sighting::kHeld : Sighting::kClear;
}

}  // namespace heapwatch
