#include "analysis/profile/diff_caller.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/profile/frame_names.h"

namespace heapwatch {
namespace {

constexpr double kMost = 0.8;

// The sites asked for, and what those of them grew that grew.
struct SiteGrowth {
  std::vector<bool> counts;  // per site of the diff
  double all = 0;
  double largest = 0;
};

SiteGrowth GrowthOf(const ProfileDiff& diff, const std::set<ContentHash>& of) {
  SiteGrowth growth;
  for (const SiteChange& site : diff.sites) {
    growth.counts.push_back(of.empty() || of.contains(site.site.id()));
    const auto grew = static_cast<double>(std::max<std::int64_t>(0, site.change.change()));
    if (!growth.counts.back()) continue;
    growth.all += grew;
    growth.largest = std::max(growth.largest, grew);
  }
  return growth;
}

struct CallerSum {
  Change grew;          // of the stacks through it that count
  double held = 0;      // before, by all stacks through it
  double distance = 0;  // from the leaf, of the stacks that count, weighed by how much they changed
  double weight = 0;
  double MeanDistance() const { return weight > 0 ? distance / weight : 0; }
};

std::vector<CallerSum> SumByFunction(const ProfileDiff& diff, const FrameNames& names,
                                     const std::vector<bool>& counts) {
  std::vector<CallerSum> functions(names.size());
  for (CallerSum& function : functions) function.grew.variance = 0.0;
  std::vector<std::size_t> last_stack(names.size(), diff.stacks.size());
  std::vector<NameId> frames;
  for (std::size_t s = 0; s < diff.stacks.size(); ++s) {
    const StackChange& stack = diff.stacks[s];
    names.Frames(stack.stack, frames);
    for (std::size_t f = 0; f < frames.size(); ++f) {
      if (last_stack[frames[f].index()] == s) continue;  // recursion
      last_stack[frames[f].index()] = s;
      CallerSum& function = functions[frames[f].index()];
      function.held += static_cast<double>(stack.change.before);
      if (!counts[stack.site]) continue;
      function.grew += stack.change;
      const double weight = std::fabs(static_cast<double>(stack.change.change()));
      function.distance += weight * static_cast<double>(f);
      function.weight += weight;
    }
  }
  return functions;
}

}  // namespace

std::optional<CommonCaller> FindCommonCaller(const ProfileDiff& diff,
                                             const std::set<ContentHash>& of) {
  const SiteGrowth growth = GrowthOf(diff, of);
  if (growth.all <= 0 || growth.largest >= kMost * growth.all) return std::nullopt;
  const FrameNames names(diff.profile);
  const std::vector<CallerSum> functions = SumByFunction(diff, names, growth.counts);
  const double held = static_cast<double>(diff.total.before);
  std::optional<std::size_t> deepest;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const CallerSum& function = functions[i];
    const auto grew = static_cast<double>(function.grew.change());
    if (grew < kMost * growth.all || function.grew.within_noise()) continue;
    if (held > 0 && function.held >= kMost * held) continue;
    if (!deepest || function.MeanDistance() < functions[*deepest].MeanDistance()) deepest = i;
  }
  if (!deepest) return std::nullopt;
  return CommonCaller{
      .function = std::string(names.name(NameId(*deepest))),
      .share = std::min(1.0, static_cast<double>(functions[*deepest].grew.change()) / growth.all)};
}

std::set<ContentHash> SitesBelow(const ProfileDiff& diff, std::string_view function) {
  struct Held {
    double below = 0;
    double all = 0;
  };
  const FrameNames names(diff.profile);
  std::vector<Held> held(diff.sites.size());
  std::vector<NameId> frames;
  for (const StackChange& stack : diff.stacks) {
    names.Frames(stack.stack, frames);
    const bool is_below = std::any_of(frames.begin(), frames.end(),
                                      [&](NameId frame) { return names.name(frame) == function; });
    const double bytes =
        static_cast<double>(stack.change.before) + static_cast<double>(stack.change.after);
    held[stack.site].all += bytes;
    if (is_below) held[stack.site].below += bytes;
  }
  std::set<ContentHash> sites;
  for (std::size_t i = 0; i < held.size(); ++i)
    if (held[i].below > held[i].all / 2) sites.insert(diff.sites[i].site.id());
  return sites;
}

}  // namespace heapwatch
