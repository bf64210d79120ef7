// From evaluation to evaluation: which sites leak together, see shared_growth.h.
//
// Sites below one caller are looked for anew each time; once they leak, they go on doing so as the
// same ones until their sum is seen to end. A leak of the sum counts where this life shows it and
// at least a tenth of what is allocated stays: else it may be the uneven work of many sites, or a
// leak that went elsewhere. Measured on 2,442 target-days of the public scenarios, all sites of a
// process taken for those below one caller, the worst there can be: no verdict more is false.
//
// One tracker per target, beside that of its sites; plain state, no clock. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/diff.h"
#include "analysis/trend/shared_growth.h"
#include "analysis/trend/verdict_tracker.h"

namespace heapwatch {

// What changed in inuse_space between the snapshots of two moments. Where that cannot be told the
// verdicts stand without it.
using DiffBetween = std::function<Result<ProfileDiff>(Time from, Time to)>;

class SharedTracker {
 public:
  // Takes the verdicts that stand for the sites of [0, end), and calls a leak those that leak
  // together.
  void Step(const SiteWindow& window, std::size_t end, const TrendOptions& options,
            const DiffBetween& diff_between, std::vector<Verdict>& verdicts);

 private:
  struct Shared {
    std::string caller;
    std::set<ContentHash> sites;  // below it, Site::id
    VerdictTracker sum;
    bool leaks = false;
    std::set<ContentHash> called;  // those that are called a leak for it
  };

  static std::optional<Shared> Find(const SiteWindow& window, std::size_t end,
                                    const TrendOptions& options, const DiffBetween& diff_between,
                                    const std::vector<Verdict>& verdicts);

  std::optional<Shared> shared_;
};

}  // namespace heapwatch
