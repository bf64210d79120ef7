// One site over the running life of its process: bytes at each distinct observation, and the same
// per block size, since the noise of sampling depends on the size. Plain data, made from a
// SiteWindow; it holds its own copy of the values.
#pragma once

#include <span>
#include <vector>

#include "analysis/series/site_window.h"
#include "analysis/trend/noise.h"
#include "analysis/trend/timeline.h"

namespace heapwatch {

struct SiteLife {
  // One block size.
  struct Class {
    SampleUnit unit;                // what one sampled object stands for
    std::span<const double> inuse;  // bytes, as of the site
    std::span<const double> alloc;

    // Sampled objects allocated from observation `first` on, 0 where the target does not tell.
    double BornSince(std::size_t first) const {
      return alloc.empty() ? 0 : (alloc.back() - alloc[first]) / unit.bytes;
    }
  };

  std::span<const double> inuse;  // bytes per distinct observation
  std::span<const double> alloc;  // since the process' start; empty: the target does not tell
  std::vector<Class> classes;
  std::vector<double> values;  // what the spans above show

  SiteLife() = default;
  SiteLife(SiteLife&&) = default;
  SiteLife& operator=(SiteLife&&) = default;
  SiteLife(const SiteLife&) = delete;
  SiteLife& operator=(const SiteLife&) = delete;
};

// `period_bytes` is the sampling period; 0 or 1 where every allocation is recorded.
SiteLife MakeSiteLife(const SiteWindow& window, const Timeline& life, SiteId site,
                      double period_bytes);

}  // namespace heapwatch
