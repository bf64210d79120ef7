// Two profiles laid over each other: one set of tables, and for every (stack, block size) of either
// side its values on both. An inner part of the diff. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/diff_noise.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// A sample type that both sides have, and its column in each.
struct CommonColumn {
  SampleType type;
  std::size_t before = 0;
  std::size_t after = 0;
};

struct MergedProfiles {
  HeapProfile profile;  // of both sides; samples without values
  std::vector<CommonColumn> columns;
  std::vector<double> after_scales;         // per column; 1 where not normalised
  std::vector<std::int64_t> before_values;  // samples x columns
  std::vector<std::int64_t> after_values;   // samples x columns, scaled
  std::vector<Levels> before_levels;        // per sample, unscaled: what the noise is judged by
  std::vector<Levels> after_levels;
};

// a + b, held at the ends of the range: hostile values must not overflow.
std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b);

// The column that `name` means in a profile: one of the four quantities by any of its names, else
// an exact type name.
std::optional<std::size_t> FindColumn(const HeapProfile& profile, std::string_view name);

// What both sides have in common, in the order of `after`. Units must agree.
std::vector<CommonColumn> CommonColumns(const HeapProfile& before, const HeapProfile& after);

// Sum of one column over all samples.
std::int64_t ColumnTotal(const HeapProfile& profile, std::size_t column);

MergedProfiles MergeProfiles(const HeapProfile& before, const HeapProfile& after,
                             std::vector<CommonColumn> columns, bool normalize);

}  // namespace heapwatch
