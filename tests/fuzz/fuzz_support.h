// What the fuzzers share: recorded profiles are compressed, and mutating compressed bytes finds
// nothing but bad checksums.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/inflate.h"

namespace heapwatch {

inline std::string Plain(const std::uint8_t* data, std::size_t size) {
  Inflater inflater;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<std::string_view> plain = inflater.Inflate(bytes, 16U << 20U);
  return std::string(plain ? *plain : bytes);
}

#define FUZZ_REQUIRE(condition)                                \
  do {                                                         \
    if (!(condition)) {                                        \
      std::fprintf(stderr, "does not hold: %s\n", #condition); \
      std::abort();                                            \
    }                                                          \
  } while (false)

// What every profile that leaves a decoder must keep.
inline void RequireWhole(const HeapProfile& profile) {
  FUZZ_REQUIRE(profile.values.size() == profile.samples.size() * profile.sample_types.size());
  FUZZ_REQUIRE(profile.stack_hashes.size() == profile.stack_count());
  for (const Sample& sample : profile.samples) {
    FUZZ_REQUIRE(sample.stack.index() < profile.stack_count());
  }
  for (std::size_t i = 0; i < profile.stack_count(); ++i) {
    for (const LocationId id : profile.stack(StackId(i))) {
      FUZZ_REQUIRE(id.index() < profile.locations.size());
    }
  }
  for (const Location& location : profile.locations) {
    FUZZ_REQUIRE(location.first_line + location.line_count <= profile.lines.size());
    FUZZ_REQUIRE(!location.mapping || location.mapping->index() < profile.mappings.size());
  }
  for (const Line& line : profile.lines) {
    FUZZ_REQUIRE(line.function.index() < profile.functions.size());
  }
}

}  // namespace heapwatch

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

// Mutates what is inside the compression.
extern "C" inline std::size_t MutatePlain(std::uint8_t* data, std::size_t size,
                                          std::size_t max_size) {
  const std::string plain = heapwatch::Plain(data, size);
  if (plain.size() <= max_size) {
    std::copy(plain.begin(), plain.end(), data);
    size = plain.size();
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

#define FUZZ_PLAIN_BYTES                                                                    \
  extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,      \
                                                 std::size_t max_size, unsigned /*seed*/) { \
    return MutatePlain(data, size, max_size);                                               \
  }
