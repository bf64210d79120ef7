#include "analysis/series/observation_tracker.h"

namespace heapwatch {

bool ObservationTracker::IsNewLife(const ObservationFacts& facts) const {
  const auto fell = [&](Quantity quantity) {
    const auto q = static_cast<std::size_t>(quantity);
    const auto before = last_totals_[q];
    const auto now = facts.totals[q];
    return before && now && (*now < *before || facts.fallen[q] > *before / 4);
  };
  return fell(Quantity::kAllocSpace) || fell(Quantity::kAllocObjects);
}

Observation ObservationTracker::Next(const ObservationFacts& facts) {
  Observation next;
  next.time = facts.time;
  next.sampling_period_bytes = facts.sampling_period_bytes.value_or(0);
  next.resident_bytes = facts.resident_bytes;
  if (last_) {
    next.lifetime = last_->lifetime + (IsNewLife(facts) ? 1U : 0U);
    next.build = last_->build + (facts.build != last_build_ ? 1U : 0U);
    next.is_new = facts.changed || next.lifetime != last_->lifetime;
  }
  last_ = next;
  last_totals_ = facts.totals;
  last_build_ = facts.build;
  return next;
}

std::string_view BuildOf(const HeapProfile& profile) {
  if (profile.mappings.empty()) return {};
  const Mapping& main = profile.mappings.front();
  return main.build_id.empty() ? main.file : main.build_id;
}

}  // namespace heapwatch
