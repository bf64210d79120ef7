#include "alerting/pooled_tracker.h"

#include <utility>

namespace heapwatch {
namespace {

constexpr std::uint32_t kEvaluations = 3;
constexpr double kClearedSlopeShare = 0.25;

}  // namespace

bool PooledTracker::Leak::stands() const { return seen >= kEvaluations; }

void PooledTracker::Settle(Leak& leak, Finding& finding) {
  if (finding.kind == VerdictKind::kLeak) {
    leak.unseen = 0;
    leak.slope_bytes_per_second = finding.pooled->slope_bytes_per_second;
    if (!leak.stands()) ++leak.seen;
    if (leak.stands()) return;
    finding.kind = VerdictKind::kGrowing;
    finding.reason += "; to be called a leak this must be seen in three evaluations in a row";
    return;
  }
  if (!leak.stands()) {
    leak.seen = 0;
    return;
  }
  const bool grows =
      finding.kind == VerdictKind::kGrowing &&
      finding.pooled->slope_interval.high >= kClearedSlopeShare * leak.slope_bytes_per_second;
  leak.unseen = grows ? 0 : leak.unseen + 1;
  if (leak.unseen >= kEvaluations) {
    leak = {};
    return;
  }
  finding.kind = VerdictKind::kLeak;
  finding.pooled->only_together = true;
  finding.reason = "a leak until it is seen to end; now: " + finding.reason;
}

void PooledTracker::Step(std::vector<Finding>& findings) {
  std::map<FindingKey, Leak> known = std::exchange(leaks_, {});
  for (Finding& finding : findings) {
    if (finding.problem != Problem::kGrowth || !finding.pooled) continue;
    const FindingKey key = finding.key();
    const auto before = known.find(key);
    Leak leak = before != known.end() ? before->second : Leak{};
    // What a replica shows alone is told as its own tracker has it.
    if (finding.kind != VerdictKind::kLeak || finding.only_together()) Settle(leak, finding);
    if (leak.seen > 0) leaks_.emplace(key, leak);
    known.erase(key);
  }
  // Not told at all: no growth, or no replica that can tell.
  for (auto& [key, leak] : known)
    if (leak.stands() && ++leak.unseen < kEvaluations) leaks_.emplace(key, leak);
}

}  // namespace heapwatch
