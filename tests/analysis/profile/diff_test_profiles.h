// Small profiles that the tests of the diff share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "analysis/profile/attribution.h"
#include "analysis/profile/diff.h"
#include "analysis/profile/profile_builder.h"

namespace heapwatch {

inline constexpr std::int64_t kTestPeriodBytes = 524288;
inline constexpr std::int64_t kMiB = 1 << 20;

struct TestSample {
  std::initializer_list<Frame> stack;  // leaf first
  std::int64_t block_bytes;
  std::initializer_list<std::int64_t>
      values;  // alloc_objects, alloc_space, inuse_objects, inuse_space
};

inline HeapProfile GoProfile(std::initializer_list<TestSample> samples, std::int64_t time_s = 0) {
  ProfileBuilder builder({{"alloc_objects", "count"},
                          {"alloc_space", "bytes"},
                          {"inuse_objects", "count"},
                          {"inuse_space", "bytes"}});
  for (const TestSample& sample : samples)
    builder.AddSample(sample.stack, sample.block_bytes, sample.values);
  HeapProfile profile = std::move(builder).Build();
  profile.sampling_period_bytes = kTestPeriodBytes;
  profile.period_type = {"space", "bytes"};
  if (time_s != 0) profile.time = FromUnixMillis(time_s * 1000);
  return profile;
}

// A profile that tells inuse_space alone.
inline HeapProfile InuseProfile(
    std::initializer_list<std::pair<std::initializer_list<Frame>, std::int64_t>> samples) {
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
  for (const auto& [stack, bytes] : samples) builder.AddSample(stack, 0, {bytes});
  return std::move(builder).Build();
}

inline Result<ProfileDiff> Diff(const HeapProfile& before, const HeapProfile& after,
                                const DiffOptions& options = {}) {
  static const auto kAttributor = SiteAttributor::Create({}).value();
  return DiffProfiles(before, after, *kAttributor, options);
}

// One leak of 1 MiB blocks, one cache of 64-byte blocks that only turns over, one site that goes
// away.
inline HeapProfile LeakBefore() {
  return GoProfile({{{{"main.leak", "main.go", 17, 10}, {"main.main", "main.go", 3, 1}},
                     kMiB,
                     {1, 1 * kMiB, 1, 1 * kMiB}},
                    {{{"cache.Put", "cache.go", 25, 20}, {"main.main", "main.go", 4, 1}},
                     64,
                     {163840, 10 * kMiB, 65536, 4 * kMiB}},
                    {{{"main.setup", "main.go", 40, 38}, {"main.main", "main.go", 2, 1}},
                     4096,
                     {512, 2 * kMiB, 512, 2 * kMiB}}},
                   1'000'000);
}
inline HeapProfile LeakAfter() {
  return GoProfile({{{{"main.leak", "main.go", 17, 10}, {"main.main", "main.go", 3, 1}},
                     kMiB,
                     {5, 5 * kMiB, 5, 5 * kMiB}},
                    {{{"cache.Put", "cache.go", 25, 20}, {"main.main", "main.go", 4, 1}},
                     64,
                     {819200, 50 * kMiB, 73728, 4 * kMiB + kMiB / 2}},
                    {{{"main.setup", "main.go", 40, 38}, {"main.main", "main.go", 2, 1}},
                     4096,
                     {512, 2 * kMiB, 0, 0}}},
                   1'000'600);
}

}  // namespace heapwatch
