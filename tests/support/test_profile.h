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

// Each of ten parts of an order is allocated at a site of its own; below main.parse or below
// callers that have nothing in common but main.
inline HeapProfile OrdersProfile(std::int64_t bytes_each, std::int64_t allocated_each,
                                 bool are_parsed) {
  ProfileBuilder builder({{"alloc_objects", "count"},
                          {"alloc_space", "bytes"},
                          {"inuse_objects", "count"},
                          {"inuse_space", "bytes"}});
  for (int part = 0; part < 10; ++part) {
    const std::string number = std::to_string(part);
    const std::string site = "main.part" + number;
    const std::string caller = are_parsed ? "main.parse" : "main.read" + number;
    builder.AddSample({{site, "main.go", 7, 5}, {caller, "main.go", 9, 8}, {"main.main"}}, 1024,
                      {allocated_each / 1024, allocated_each, bytes_each / 1024, bytes_each});
  }
  builder.AddSample({{"main.tables", "main.go", 30, 29}, {"main.main"}}, 1 << 20,
                    {50, 50 << 20, 50, 50 << 20});
  HeapProfile profile = std::move(builder).Build();
  profile.period_type = {"space", "bytes"};
  profile.sampling_period_bytes = 512 << 10;
  return profile;
}

}  // namespace heapwatch
