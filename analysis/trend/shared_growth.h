// Growth that many sites share, none of which is sure by itself: a struct leaks with all that hangs
// on it, and each part was allocated at a site of its own. Pure.
//
// Sites below one caller are summed and judged as one, by the same rules as any site. What the sum
// is sure of counts for those of them that grow beyond their noise: they leak together. The caller
// is found in the diff of two profiles (analysis/profile/diff_caller.h), since a window knows no
// callers.
//
// Nine sites of 1 MiB/h each, R = 512 KiB: alone each needs 7 h for the growth that counts,
// together they need 50 min.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// Whether no verdict tells of the growth of the site, if it has any.
bool IsUntold(const Verdict& verdict);

// How long ago, the longest first, all such sites began to grow together by what counts and beyond
// twice their noise, with no site by itself much of it. Only since then is it worth while to look
// for a caller; the figures are those of Verdict::stretches.
std::vector<Duration> SharedGrowthBegan(std::span<const Verdict> verdicts,
                                        const TrendOptions& options);

// The window of two sites: the sum of `sites` (Site::id), its rows as they were, and all others as
// one row, whose work is the load.
SiteWindow SumSites(const SiteWindow& window, const std::set<ContentHash>& sites);

// The sites that leak together, and as part of what.
struct SharedLeak {
  std::string caller;
  std::set<ContentHash> sites;  // Site::id
  Verdict sum;                  // a leak
};

// Calls those of its sites a leak that grow beyond their noise and keep as much of what is
// allocated as is usual among them, or grow at all and were called so before; not what has levelled
// off. Their figures are their own, their course is that of the sum. Returns all called so.
std::set<ContentHash> ShareVerdict(const SharedLeak& leak, const SiteWindow& window,
                                   const std::set<ContentHash>& called_before,
                                   std::span<Verdict> verdicts);

}  // namespace heapwatch
