// A diff as text, for the terminal and for an alert. Columns are aligned; names stand last and are
// never cut.
//
//   before  t0.pb.gz  2026-01-31T12:00:00Z  total 7.0 MiB
//   after   t1.pb.gz  2026-01-31T12:10:00Z  total 9.5 MiB
//   change  inuse_space +2.5 MiB ± 2.4 MiB in 10m (+35.7% of the total before)
//   caller  94% of what grew was allocated in main.serve or below it
//
//       change        ±  of before   before    after  site
//     +4.0 MiB  755 KiB     +57.1%  1.0 MiB  5.0 MiB  main.leak main.go:+7
//   ~ +512 KiB  2.1 MiB      +7.1%  4.0 MiB  4.5 MiB  cache.Put cache.go:+5
//
// ± is one standard error; ~ marks a change within noise. The caller is told where one is common to
// most (diff_caller.h). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "analysis/profile/diff.h"

namespace heapwatch {

enum class DiffBy {
  kSite,      // what each allocation site holds
  kFunction,  // flat and cumulative by function, ordered by flat, as `go tool pprof -top`
  kCum,       // likewise, ordered by cumulative
  kStack,     // each stack with its frames, leaf first
};

struct DiffTextOptions {
  DiffBy by = DiffBy::kSite;
  std::optional<std::size_t> top = 20;  // lines; absent: all
};

std::string RenderDiffText(const ProfileDiff& diff, const DiffTextOptions& options = {});

// The few lines an alert carries: the total, the caller that those of `first` have in common, then
// `n` sites, those of `first` with their nearest callers and then the ones that changed most, then
// what was left out.
//   inuse_space 7.0 MiB -> 9.5 MiB in 10m: +2.5 MiB ± 2.4 MiB
//   +4.0 MiB ± 755 KiB  main.leak main.go:+7 (1.0 MiB -> 5.0 MiB)
//     called by main.main
//   and 2 more sites: -1.5 MiB ± 2.3 MiB
std::string RenderTopSites(const ProfileDiff& diff, std::size_t n,
                           const std::set<ContentHash>& first = {});

}  // namespace heapwatch
