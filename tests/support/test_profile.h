// Small heap profiles as a Go program serves them, for tests that need some profile.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/profile/encode.h"
#include "analysis/profile/profile_builder.h"

namespace heapwatch {

// One site, main.leak, with 1 KiB blocks: `inuse_bytes` live of twice as much allocated.
inline HeapProfile TestProfile(std::int64_t inuse_bytes) {
  ProfileBuilder builder({{"alloc_objects", "count"},
                          {"alloc_space", "bytes"},
                          {"inuse_objects", "count"},
                          {"inuse_space", "bytes"}});
  const std::int64_t blocks = inuse_bytes / 1024;
  builder.AddSample({{"main.leak", "main.go", 7, 5}, {"main.main", "main.go", 3, 1}}, 1024,
                    {2 * blocks, 2 * inuse_bytes, blocks, inuse_bytes});
  HeapProfile profile = std::move(builder).Build();
  profile.period_type = {"space", "bytes"};
  profile.sampling_period_bytes = 512 << 10;
  return profile;
}

inline std::string TestProfileBytes(std::int64_t inuse_bytes) {
  return EncodePprof(TestProfile(inuse_bytes));
}

}  // namespace heapwatch
