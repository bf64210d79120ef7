#include "analysis/series/observation_tracker.h"

namespace heapwatch {

namespace {
constexpr Duration kStandsStill = std::chrono::minutes(5);
}  // namespace

bool ObservationTracker::IsNewLife(const ObservationFacts& facts) const {
  const auto fell = [&](Quantity quantity) {
    const auto q = static_cast<std::size_t>(quantity);
    const auto before = last_totals_[q];
    const auto now = facts.totals[q];
    return before && now && (*now < *before || facts.fallen[q] > *before / 4);
  };
  const bool moved = facts.build == last_build_ && facts.base_address != 0 &&
                     last_base_address_ != 0 && facts.base_address != last_base_address_;
  return moved || fell(Quantity::kAllocSpace) || fell(Quantity::kAllocObjects);
}

Observation ObservationTracker::Next(const ObservationFacts& facts) {
  Observation next;
  next.time = facts.time;
  next.sampling_period_bytes = facts.sampling_period_bytes.value_or(0);
  next.resident_bytes = facts.resident_bytes;
  if (last_) {
    next.lifetime = last_->lifetime + (IsNewLife(facts) ? 1U : 0U);
    next.build = last_->build + (facts.build != last_build_ ? 1U : 0U);
    next.is_new =
        facts.changed || next.lifetime != last_->lifetime || facts.time - last_new_ >= kStandsStill;
  }
  if (next.is_new) last_new_ = facts.time;
  last_ = next;
  last_totals_ = facts.totals;
  last_build_ = facts.build;
  last_base_address_ = facts.base_address;
  return next;
}

ObservationFacts FactsOf(const HeapProfile& profile) {
  ObservationFacts facts;
  facts.sampling_period_bytes = profile.sampling_period_bytes;
  facts.resident_bytes = profile.resident_bytes;
  if (profile.mappings.empty()) return facts;
  const Mapping& main = profile.mappings.front();
  facts.build = main.build_id.empty() ? main.file : main.build_id;
  facts.base_address = main.start;
  return facts;
}

}  // namespace heapwatch
