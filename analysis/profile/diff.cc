#include "analysis/profile/diff.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "analysis/profile/diff_merge.h"
#include "analysis/profile/diff_noise.h"
#include "analysis/profile/diff_notes.h"

namespace heapwatch {
namespace {

std::string TypesOf(const HeapProfile& profile) {
  std::string out;
  for (const SampleType& type : profile.sample_types)
    out += (out.empty() ? "" : ", ") + type.type + " (" + type.unit + ")";
  return out.empty() ? "no sample types" : out;
}

tl::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

// Where the wanted sample type stands among the common columns.
Result<std::size_t> SelectColumn(const HeapProfile& before, const HeapProfile& after,
                                 const std::vector<CommonColumn>& columns,
                                 const DiffOptions& options) {
  const auto in_before = FindColumn(before, options.sample_type);
  const auto in_after = FindColumn(after, options.sample_type);
  for (const auto& [found, profile, name] : {std::tuple(in_before, &before, &options.before_name),
                                             std::tuple(in_after, &after, &options.after_name)})
    if (!found)
      return Invalid(*name + " has no sample type \"" + options.sample_type +
                     "\"; it has: " + TypesOf(*profile));
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].before == *in_before && columns[i].after == *in_after) return i;
  return Invalid("\"" + options.sample_type + "\" is in " + before.sample_types[*in_before].unit +
                 " in " + options.before_name + " but in " + after.sample_types[*in_after].unit +
                 " in " + options.after_name + "; only like can be subtracted from like");
}

Result<void> CheckNormalizable(std::int64_t before_total, std::int64_t after_total,
                               const DiffOptions& options) {
  const auto refuse = [&](const std::string& name, std::int64_t total) {
    return Invalid("cannot normalize: the total " + options.sample_type + " of " + name + " is " +
                   std::to_string(total) + "; compare without normalizing");
  };
  if (before_total <= 0) return refuse(options.before_name, before_total);
  if (after_total <= 0) return refuse(options.after_name, after_total);
  return {};
}

// Alloc counters only ever rise within one life of a process. Stack by stack a tenth of slack is
// given: totals that were unsampled at a stack's mean block size wander a little when the mix of
// sizes changes.
bool AllocRises(const MergedProfiles& merged, const std::vector<Levels>& early,
                const std::vector<Levels>& late) {
  const auto alloc = static_cast<std::size_t>(Quantity::kAllocSpace);
  std::vector<double> early_sums(merged.profile.stack_count());
  std::vector<double> late_sums(merged.profile.stack_count());
  double early_total = 0;
  double late_total = 0;
  for (std::size_t i = 0; i < merged.profile.samples.size(); ++i) {
    const auto from = early[i][alloc];
    const auto to = late[i][alloc];
    if (!from || !to) return false;
    const std::size_t stack = merged.profile.samples[i].stack.index();
    early_sums[stack] += static_cast<double>(*from);
    late_sums[stack] += static_cast<double>(*to);
    early_total += static_cast<double>(*from);
    late_total += static_cast<double>(*to);
  }
  if (early_total > late_total) return false;
  for (std::size_t s = 0; s < early_sums.size(); ++s)
    if (late_sums[s] < 0.9 * early_sums[s]) return false;
  return true;
}

AllocOrder FindAllocOrder(const HeapProfile& before, const HeapProfile& after,
                          const MergedProfiles& merged) {
  if (DifferentBuilds(before, after) || before.sampling_period_bytes != after.sampling_period_bytes)
    return AllocOrder::kNone;
  if (AllocRises(merged, merged.before_levels, merged.after_levels)) return AllocOrder::kForward;
  if (AllocRises(merged, merged.after_levels, merged.before_levels)) return AllocOrder::kBackward;
  return AllocOrder::kNone;
}

NoiseModel ModelOf(const HeapProfile& before, const HeapProfile& after, AllocOrder order,
                   std::optional<Quantity> quantity) {
  if (!before.sampling_period_bytes || !after.sampling_period_bytes || !quantity)
    return NoiseModel::kUnknown;
  if (*before.sampling_period_bytes <= 1 && *after.sampling_period_bytes <= 1)
    return NoiseModel::kExact;
  return order == AllocOrder::kNone ? NoiseModel::kBothLevels : NoiseModel::kBornAndDied;
}

std::optional<Quantity> QuantityAt(const HeapProfile& profile, std::size_t column) {
  for (const Quantity q : kQuantities)
    if (profile.column(q) == column) return q;
  return std::nullopt;
}

// Fills stacks and sites from the rows of the merged profile.
void SumUp(const MergedProfiles& merged, const SiteAttributor& attributor,
           const std::vector<std::optional<double>>& variances, ProfileDiff& diff) {
  std::vector<std::optional<Change>> by_stack(merged.profile.stack_count());
  diff.total.variance = 0.0;
  for (std::size_t i = 0; i < merged.profile.samples.size(); ++i) {
    const std::size_t at = i * merged.columns.size() + diff.column;
    const Change change{merged.before_values[at], merged.after_values[at], variances[i]};
    if (change.before == 0 && change.after == 0) continue;
    auto& sum = by_stack[merged.profile.samples[i].stack.index()];
    if (!sum) sum = Change{0, 0, 0.0};
    *sum += change;
    diff.total += change;
  }
  std::unordered_map<ContentHash, std::size_t> site_index;
  for (std::size_t s = 0; s < by_stack.size(); ++s) {
    if (!by_stack[s]) continue;
    Site site = attributor.Attribute(merged.profile, StackId(s));
    const auto [it, is_new] = site_index.try_emplace(site.id(), diff.sites.size());
    if (is_new) diff.sites.push_back({std::move(site), Change{0, 0, 0.0}, 0});
    SiteChange& sum = diff.sites[it->second];
    sum.change += *by_stack[s];
    ++sum.stack_count;
    diff.stacks.push_back({StackId(s), it->second, *by_stack[s]});
  }
}

// Largest change first; of equal changes the larger level, then the name, so that the order never
// depends on chance.
void SortBySize(ProfileDiff& diff) {
  const auto larger = [](const Change& a, const Change& b) -> std::optional<bool> {
    const double change_a = std::fabs(static_cast<double>(a.change()));
    const double change_b = std::fabs(static_cast<double>(b.change()));
    if (change_a != change_b) return change_a > change_b;
    if (a.after != b.after) return a.after > b.after;
    return std::nullopt;
  };
  std::vector<std::size_t> order(diff.sites.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto decided = larger(diff.sites[a].change, diff.sites[b].change);
    return decided ? *decided : diff.sites[a].site.id() < diff.sites[b].site.id();
  });
  std::vector<std::size_t> place(order.size());
  std::vector<SiteChange> sorted;
  sorted.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    sorted.push_back(std::move(diff.sites[order[i]]));
  }
  diff.sites = std::move(sorted);
  for (StackChange& stack : diff.stacks) stack.site = place[stack.site];
  std::sort(diff.stacks.begin(), diff.stacks.end(),
            [&](const StackChange& a, const StackChange& b) {
              const auto decided = larger(a.change, b.change);
              return decided ? *decided
                             : diff.profile.stack_hashes[a.stack.index()] <
                                   diff.profile.stack_hashes[b.stack.index()];
            });
}

}  // namespace

std::int64_t Change::change() const {
  // -INT64_MIN does not exist; a value that low is nonsense that must merely do no harm.
  return SaturatingAdd(after, before == INT64_MIN ? INT64_MAX : -before);
}

std::optional<double> Change::standard_error() const {
  if (!variance) return std::nullopt;
  return std::sqrt(*variance);
}

bool Change::within_noise() const {
  const auto error = standard_error();
  return error && *error > 0 &&
         std::fabs(static_cast<double>(change())) < kNoiseStandardErrors * *error;
}

Change& Change::operator+=(const Change& other) {
  before = SaturatingAdd(before, other.before);
  after = SaturatingAdd(after, other.after);
  if (variance && other.variance)
    *variance += *other.variance;
  else
    variance.reset();
  return *this;
}

std::string_view ToString(NoiseModel model) {
  switch (model) {
    case NoiseModel::kBornAndDied:
      return "born-and-died";
    case NoiseModel::kBothLevels:
      return "both-levels";
    case NoiseModel::kExact:
      return "exact";
    case NoiseModel::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Result<ProfileDiff> DiffProfiles(const HeapProfile& before, const HeapProfile& after,
                                 const SiteAttributor& attributor, const DiffOptions& options) {
  std::vector<CommonColumn> columns = CommonColumns(before, after);
  const auto column = SelectColumn(before, after, columns, options);
  if (!column) return Fail(column.error());
  const CommonColumn selected = columns[*column];

  ProfileDiff diff;
  diff.column = *column;
  diff.sample_type = selected.type;
  diff.before = {options.before_name, before.time, before.sampling_period_bytes,
                 ColumnTotal(before, selected.before)};
  diff.after = {options.after_name, after.time, after.sampling_period_bytes,
                ColumnTotal(after, selected.after)};
  if (options.normalize)
    if (auto ok = CheckNormalizable(diff.before.total, diff.after.total, options); !ok)
      return Fail(ok.error());

  MergedProfiles merged = MergeProfiles(before, after, std::move(columns), options.normalize);
  const double scale = merged.after_scales[*column];
  if (options.normalize) diff.normalized_by = scale;

  const AllocOrder order = FindAllocOrder(before, after, merged);
  const auto quantity = QuantityAt(after, selected.after);
  diff.noise = ModelOf(before, after, order, quantity);
  std::vector<std::optional<double>> variances(merged.profile.samples.size());
  if (diff.noise != NoiseModel::kUnknown)
    for (std::size_t i = 0; i < variances.size(); ++i)
      variances[i] = DifferenceVariance(
          {*quantity, merged.profile.samples[i].block_bytes, merged.before_levels[i],
           merged.after_levels[i], static_cast<double>(*before.sampling_period_bytes),
           static_cast<double>(*after.sampling_period_bytes), order, scale});

  SumUp(merged, attributor, variances, diff);
  diff.profile = std::move(merged.profile);
  diff.before_values = std::move(merged.before_values);
  diff.after_values = std::move(merged.after_values);
  SortBySize(diff);
  diff.notes = DiffNotes(before, after, diff);
  return diff;
}

}  // namespace heapwatch
