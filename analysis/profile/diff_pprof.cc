#include "analysis/profile/diff_pprof.h"

#include <algorithm>
#include <span>
#include <utility>

#include "analysis/profile/encode.h"

namespace heapwatch {
namespace {

bool AllZero(std::span<const std::int64_t> values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

void AddSample(HeapProfile& profile, const Sample& sample, std::span<const std::int64_t> values) {
  if (AllZero(values)) return;
  profile.samples.push_back(sample);
  profile.values.insert(profile.values.end(), values.begin(), values.end());
}

// "10.0.0.1:6060 at 2026-01-31T12:00:00Z"
std::string Describe(const DiffSide& side) {
  return side.name + (side.time ? " at " + FormatRfc3339(*side.time) : "");
}

}  // namespace

std::string DiffToPprof(const ProfileDiff& diff, PprofForm form) {
  HeapProfile profile = diff.profile;
  profile.samples.clear();
  profile.default_sample_type = diff.column;
  profile.comments.push_back(Describe(diff.after) + " minus " + Describe(diff.before));
  const std::size_t width = profile.sample_types.size();
  std::vector<std::int64_t> values(width);
  const auto add = [&](const std::vector<std::int64_t>* minuend,
                       const std::vector<std::int64_t>* subtrahend) {
    for (std::size_t i = 0; i < diff.profile.samples.size(); ++i) {
      for (std::size_t c = 0; c < width; ++c) {
        const std::size_t at = i * width + c;
        values[c] =
            Change{subtrahend ? (*subtrahend)[at] : 0, minuend ? (*minuend)[at] : 0, {}}.change();
      }
      AddSample(profile, diff.profile.samples[i], values);
    }
  };
  if (form == PprofForm::kSubtracted) {
    add(&diff.after_values, &diff.before_values);
    return EncodePprof(profile);
  }
  add(&diff.after_values, nullptr);
  const std::size_t base_begin = profile.samples.size();
  add(nullptr, &diff.before_values);
  return EncodePprof(profile, base_begin);
}

}  // namespace heapwatch
