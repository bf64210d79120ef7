#include "analysis/profile/unsample.h"

#include <gtest/gtest.h>

#include <limits>

namespace heapwatch {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(Unsample, GivesPprofsNumbers) {
  EXPECT_EQ(Unsample({.count = 1, .bytes = 64}, 524288), (Recorded{8192, 524320}));
  EXPECT_EQ(Unsample({.count = 2, .bytes = 1048576}, 524288), (Recorded{3, 1658822}));
}

TEST(Unsample, LeavesAloneWhatWasRecordedWhole) {
  EXPECT_EQ(Unsample({.count = 3, .bytes = 192}, 1), (Recorded{3, 192}));
  EXPECT_EQ(Unsample({.count = 3, .bytes = 192}, 0), (Recorded{3, 192}));
}

TEST(Unsample, NothingRecordedIsNothing) {
  EXPECT_EQ(Unsample({.count = 0, .bytes = 64}, 524288), Recorded{});
  EXPECT_EQ(Unsample({.count = 1, .bytes = 0}, 524288), Recorded{});
}

TEST(Unsample, KeepsTransientNegatives) {
  EXPECT_EQ(Unsample({.count = -1, .bytes = -64}, 524288), (Recorded{-8192, -524320}));
  EXPECT_EQ(Unsample({.count = -1, .bytes = 64}, 524288), (Recorded{-1, 64}));
}

TEST(Unsample, DoesNotOverflow) {
  EXPECT_EQ(Unsample({.count = kMax, .bytes = kMax}, kMax), (Recorded{kMax, kMax}));
}

}  // namespace
}  // namespace heapwatch
