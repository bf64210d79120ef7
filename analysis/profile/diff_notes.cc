#include "analysis/profile/diff_notes.h"

#include <algorithm>
#include <utility>

#include "analysis/base/units.h"
#include "analysis/profile/diff_format.h"

namespace heapwatch {
namespace {

// The build of the main program.
std::string_view BuildId(const HeapProfile& profile) {
  return profile.mappings.empty() ? std::string_view() : profile.mappings.front().build_id;
}

std::string PeriodText(std::optional<std::int64_t> period_bytes) {
  if (!period_bytes) return "an unknown period";
  if (*period_bytes <= 1) return "every allocation";
  return "one sample per " + FormatBytes(static_cast<double>(*period_bytes));
}

bool HasAlloc(const HeapProfile& profile) {
  return profile.column(Quantity::kAllocSpace) && profile.column(Quantity::kAllocObjects);
}

std::string WhyBothLevels(const HeapProfile& before, const HeapProfile& after,
                          const ProfileDiff& diff) {
  if (before.sampling_period_bytes != after.sampling_period_bytes) return "the rates differ";
  for (const auto& [profile, side] :
       {std::pair(&before, &diff.before), std::pair(&after, &diff.after)})
    if (!HasAlloc(*profile)) return side->name + " has no alloc counters";
  if (DifferentBuilds(before, after)) return "the builds differ";
  return "the alloc counters fell, so these are two lives of the process";
}

void NoteNoise(const HeapProfile& before, const HeapProfile& after, const ProfileDiff& diff,
               std::vector<std::string>& notes) {
  if (before.sampling_period_bytes != after.sampling_period_bytes)
    notes.emplace_back("The sampling rates differ: " + PeriodText(before.sampling_period_bytes) +
                       " in " + diff.before.name + ", " + PeriodText(after.sampling_period_bytes) +
                       " in " + diff.after.name + ".");
  if (diff.noise == NoiseModel::kUnknown) {
    std::string missing;
    for (const auto* side : {&diff.before, &diff.after})
      if (!side->sampling_period_bytes) missing += (missing.empty() ? "" : " and ") + side->name;
    notes.push_back(missing.empty()
                        ? "No standard errors: how " + diff.sample_type.type +
                              " is sampled is not known."
                        : "No standard errors: the sampling period is missing in " + missing + ".");
  }
  if (diff.noise == NoiseModel::kBothLevels)
    notes.emplace_back(
        "The standard errors add up those of both sides and so overstate the noise: " +
        WhyBothLevels(before, after, diff) + ".");
  if (diff.noise != NoiseModel::kUnknown && !diff.total.variance)
    notes.emplace_back("Some lines have no standard error: the size of their blocks is not known.");
}

bool HasNegative(const HeapProfile& profile) {
  return std::any_of(profile.values.begin(), profile.values.end(),
                     [](std::int64_t value) { return value < 0; });
}

void NoteSide(const HeapProfile& profile, const DiffSide& side, const std::string& type,
              std::vector<std::string>& notes) {
  if (profile.duration && profile.duration->count() > 0)
    notes.push_back(side.name + " covers an interval of " + FormatSpan(*profile.duration) +
                    ": its values may be changes within it (?seconds=) instead of levels.");
  if (HasNegative(profile))
    notes.push_back(side.name + " has negative values: its totals are not levels of memory.");
  if (side.total == 0)
    notes.emplace_back("The total " + type + " of " + side.name + " is 0" +
                       (profile.samples.empty() ? ": it has no samples." : "."));
}

// Both sides hold something, and no stack of it in common.
bool SharesNothing(const ProfileDiff& diff) {
  const auto& stacks = diff.stacks;
  const auto has = [&](auto held) { return std::any_of(stacks.begin(), stacks.end(), held); };
  return has([](const StackChange& s) { return s.change.before != 0; }) &&
         has([](const StackChange& s) { return s.change.after != 0; }) &&
         !has([](const StackChange& s) { return s.change.before != 0 && s.change.after != 0; });
}

}  // namespace

bool DifferentBuilds(const HeapProfile& before, const HeapProfile& after) {
  const std::string_view a = BuildId(before);
  const std::string_view b = BuildId(after);
  return !a.empty() && !b.empty() && a != b;
}

std::vector<std::string> DiffNotes(const HeapProfile& before, const HeapProfile& after,
                                   const ProfileDiff& diff) {
  std::vector<std::string> notes;
  if (before.time && after.time && *after.time < *before.time)
    notes.push_back(diff.after.name + " is older than " + diff.before.name + " by " +
                    FormatSpan(*before.time - *after.time) +
                    ": what grew in time shows as shrunk.");
  if (!diff.before_values.empty() && diff.before_values == diff.after_values && !diff.normalized_by)
    notes.emplace_back(
        "The two sides are equal: the same profile twice, or no garbage collection ended between "
        "them.");
  NoteSide(before, diff.before, diff.sample_type.type, notes);
  NoteSide(after, diff.after, diff.sample_type.type, notes);
  if (SharesNothing(diff))
    notes.emplace_back("No stack is on both sides: are these two profiles of one program?");
  if (DifferentBuilds(before, after))
    notes.emplace_back(
        "Two builds: a stack whose lines moved shows once as shrunk and once as grown; go by the "
        "sites.");
  NoteNoise(before, after, diff, notes);
  return notes;
}

}  // namespace heapwatch
