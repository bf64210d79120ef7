#include "analysis/series/observation_tracker.h"

#include "analysis/series/value_coding.h"

namespace heapwatch {

namespace {
constexpr Duration kStandsStill = std::chrono::minutes(5);
// So few may all have changed by chance.
constexpr std::size_t kFewestStacks = 8;
}  // namespace

void ObservationFacts::Add(Quantity quantity, std::int64_t before, std::int64_t now) {
  const auto q = static_cast<std::size_t>(quantity);
  changed = changed || now != before;
  if (now < before) fallen[q] = WrappingSum(fallen[q], WrappingDifference(before, now));
  if (quantity != Quantity::kInuseSpace || before == 0) return;
  ++stacks_before;
  if (now == before) ++stacks_kept;
}

bool ObservationTracker::IsNewLife(const ObservationFacts& facts) const {
  const auto fell = [&](Quantity quantity) {
    const auto q = static_cast<std::size_t>(quantity);
    const auto before = last_totals_[q];
    const auto now = facts.totals[q];
    return before && now && (*now < *before || facts.fallen[q] > *before / 4);
  };
  const bool moved = facts.build == last_build_ && facts.base_address != 0 &&
                     last_base_address_ != 0 && facts.base_address != last_base_address_;
  return moved || fell(Quantity::kAllocSpace) || fell(Quantity::kAllocObjects) || IsReplaced(facts);
}

bool ObservationTracker::IsReplaced(const ObservationFacts& facts) const {
  constexpr auto kInuse = static_cast<std::size_t>(Quantity::kInuseSpace);
  const bool allocations_told = facts.totals[static_cast<std::size_t>(Quantity::kAllocSpace)] ||
                                facts.totals[static_cast<std::size_t>(Quantity::kAllocObjects)];
  return !allocations_told && last_totals_[kInuse] &&
         facts.fallen[kInuse] > *last_totals_[kInuse] / 2 && facts.stacks_before >= kFewestStacks &&
         facts.stacks_kept <= facts.stacks_before / 8;
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
