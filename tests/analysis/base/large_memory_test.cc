#include "analysis/base/large_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

namespace heapwatch {
namespace {

bool IsOnLargePage(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % kLargePageBytes == 0;
}

TEST(LargeMemory, VectorsKeepWhatIsInThemAsTheyGrowOntoLargePages) {
  LargeVector<std::uint64_t> vector(1000);
  std::iota(vector.begin(), vector.end(), 0U);
  EXPECT_FALSE(IsOnLargePage(vector.data()));
  for (std::uint64_t i = 1000; i < 5'000'000; ++i) vector.push_back(i);
  EXPECT_TRUE(IsOnLargePage(vector.data()));
  for (std::uint64_t i = 0; i < vector.size(); ++i) ASSERT_EQ(vector[i], i);
  vector.resize(1000);
  vector.shrink_to_fit();
  EXPECT_FALSE(IsOnLargePage(vector.data()));
  EXPECT_EQ(vector.back(), 999U);
}

TEST(LargeMemory, AllOfItCanBeWrittenTo) {
  for (std::size_t size = 4 * kLargePageBytes; size < 6 * kLargePageBytes; size += 1'234'567) {
    auto* const memory = static_cast<char*>(AllocateLarge(size));
    EXPECT_TRUE(IsOnLargePage(memory));
    for (std::size_t i = 0; i < size; i += 4096) memory[i] = 'x';
    memory[size - 1] = 'y';
    FreeLarge(memory, size);
  }
}

}  // namespace
}  // namespace heapwatch
