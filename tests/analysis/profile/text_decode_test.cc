#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/profile/decode.h"
#include "tests/analysis/profile/decoded.h"

namespace heapwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MessageOf(std::string_view bytes) {
  const Result<HeapProfile> profile = DecodeProfile(bytes);
  if (profile) return "decoded";
  EXPECT_EQ(profile.error().code, ErrorCode::kCorrupt);
  return profile.error().message;
}

TEST(GperftoolsText, ReadsEveryTagWithItsPeriod) {
  struct Case {
    std::string_view tag;
    std::int64_t period;
    std::int64_t bytes;
  };
  for (const auto& [tag, period, bytes] : {
           Case{"@ heap_v2/524288", 524288, 524320},
           Case{"@ heapz_v2/524288", 524288, 524320},
           Case{"@ heap/1048576", 524288, 524320},
           Case{"@ heapprofile", 1, 64},
           Case{"@ growth", 1, 64},
           Case{"@ growthz", 1, 64},
           Case{"", 1, 64},
       }) {
    const HeapProfile profile = Decoded("heap profile: 1: 64 [2: 128] " + std::string(tag) +
                                        "\n1: 64 [1: 64] @ 0x1000 0x2000\n");
    EXPECT_EQ(profile.sampling_period_bytes, period) << tag;
    EXPECT_EQ(profile.total(Quantity::kInuseSpace), bytes) << tag;
    EXPECT_EQ(profile.total(Quantity::kAllocSpace), bytes) << tag;
  }
}

TEST(GperftoolsText, SubtractsOneFromEveryAddress) {
  const HeapProfile profile =
      Decoded("heap profile: 1: 64 [2: 128] @ heapprofile\n1: 64 [2: 128] @ 0x1000 0x2000\n");
  EXPECT_EQ(profile.locations[0].address, 0xfffU);
  EXPECT_EQ(profile.locations[1].address, 0x1fffU);
}

TEST(GperftoolsText, AllocThatEqualsInuseOrIsZeroIsAbsent) {
  for (const char* totals : {"1: 64 [1: 64]", "1: 64 [0: 0]"}) {
    const HeapProfile profile =
        Decoded("heap profile: " + std::string(totals) + " @ heapprofile\n1: 64 [1: 64] @ 0x1\n");
    EXPECT_EQ(profile.total(Quantity::kAllocSpace), std::nullopt);
    EXPECT_EQ(profile.total(Quantity::kInuseSpace), 64);
  }
}

TEST(GperftoolsText, UnsamplesEachSizeBeforeSumming) {
  // Summed first, (3, 1048704) at R = 524288 would give another total.
  const HeapProfile profile = Decoded(
      "heap profile: 3: 1048704 [3: 1048704] @ heap_v2/524288\n"
      "1: 64 [1: 64] @ 0x1000\n"
      "2: 1048576 [2: 1048576] @ 0x1000\n");
  EXPECT_EQ(profile.stack_count(), 1U);
  EXPECT_EQ(profile.total(Quantity::kInuseSpace), 524320 + 1658822);
  EXPECT_EQ(profile.total(Quantity::kInuseObjects), 8192 + 3);
}

TEST(GperftoolsText, SkipsLogLinesCommentsAndBlankLines) {
  const HeapProfile profile = Decoded(
      "Starting tracking the heap\n\x1b[31mwarning: x\x1b[0m\n\n# a comment\n"
      "heap profile: 1: 64 [2: 128] @ heapprofile\r\n\n# 1\n1: 64 [2: 128] @ 0x1000\r\n");
  EXPECT_EQ(profile.total(Quantity::kInuseSpace), 64);
}

TEST(GperftoolsText, NegativeInuseIsKept) {
  const HeapProfile profile =
      Decoded("heap profile: -1: -64 [2: 128] @ heapprofile\n-1: -64 [2: 128] @ 0x1000\n");
  EXPECT_EQ(profile.total(Quantity::kInuseSpace), -64);
}

TEST(GperftoolsText, PlacesAddressesInTheirMappings) {
  const HeapProfile profile = Decoded(
      "heap profile: 1: 64 [2: 128] @ heapprofile\n1: 64 [2: 128] @ 0x401235 0x7001 0x9001\n\n"
      "MAPPED_LIBRARIES:\n"
      "00400000-00500000 r-xp 00001000 fd:01 42       /bin/my app\n"
      "00600000-00700000 rw-p 00000000 fd:01 42       /bin/my app\n"
      "7000-8000: /lib/libc.so (@2000)\n");
  ASSERT_EQ(profile.mappings.size(), 2U);
  const auto at = [&](std::size_t i) {
    return profile.locations[profile.stack(StackId(0U))[i].index()];
  };
  ASSERT_TRUE(at(0).mapping);
  EXPECT_EQ(profile.mappings[at(0).mapping->index()].file, "/bin/my app");
  EXPECT_EQ(profile.mappings[at(0).mapping->index()].file_offset, 0x1000U);
  ASSERT_TRUE(at(1).mapping);
  EXPECT_EQ(profile.mappings[at(1).mapping->index()].file, "/lib/libc.so");
  EXPECT_EQ(at(2).mapping, std::nullopt);
}

TEST(GperftoolsText, SaysWhichLineIsBroken) {
  EXPECT_EQ(
      MessageOf(
          "log\nheap profile: 1: 64 [2: 128] @ heapprofile\n1: 64 [2: 128] @ 0x1\n1: 64 [2\n"),
      "gperftools heap text, line 4 (byte 68): a record expected, as in \"1: 64 [2: 128] @ "
      "0x401234\"; it is the last line, so the dump may have been cut short");
  EXPECT_THAT(MessageOf("heap profile: 1: 64 [2\n"), HasSubstr("line 1 (byte 0): totals expected"));
  EXPECT_THAT(MessageOf("heap profile: 1: 64 [2: 128] @ heapx/7\n"), HasSubstr("\"heapx\""));
  EXPECT_THAT(MessageOf("heap profile: 1: 64 [2: 128] @ heapprofile\n1: 64 [2: 128] @ 0x1 zz\n1"),
              HasSubstr("line 2"));
}

TEST(GperftoolsText, AFragmentationProfileIsNamed) {
  const auto profile = DecodeProfile("heap profile: 1: 64 [2: 128] @ fragmentation\n");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, ErrorCode::kWrongFormat);
}

TEST(GperftoolsText, DepthIsBounded) {
  std::string text = "heap profile: 1: 64 [2: 128] @ heapprofile\n1: 64 [2: 128] @";
  for (int i = 0; i < 5000; ++i) text += " 0x1";
  EXPECT_THAT(MessageOf(text), HasSubstr("more than 4096"));
}

constexpr std::string_view kGoText =
    "heap profile: 1: 48 [2: 96] @ heap/2\n"
    "1: 48 [2: 96] @ 0x1001 0x2001\n"
    "#\t0x1000\tmain.small+0x10\t\t/src/main.go:21\n"
    "#\t0x1000\tmain.(*Cache[...]).Put+0x10\t/src/main.go:14\n"
    "#\t0x2000\tmain.main.func1+0x51\t/src/main.go:30\n"
    "\n"
    "1: 16 [1: 16] @ 0x3001 0x2001\n"
    "#\t0x3000\tmain.f+0x10\t\t/src/main.go:9\n"
    "#\t0x2000\tmain.main.func1+0x51\t/src/main.go:30\n"
    "\n"
    "# runtime.MemStats\n# Alloc = 5\n";

TEST(GoText, ReadsNamesAndInlinedFrames) {
  const HeapProfile profile = Decoded(kGoText);
  ASSERT_EQ(profile.stack_count(), 2U);
  const auto stack = profile.stack(StackId(0U));
  ASSERT_EQ(stack.size(), 2U);
  const auto lines = profile.lines_of(profile.locations[stack[0].index()]);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(profile.functions[lines[0].function.index()].name, "main.small");
  EXPECT_EQ(profile.functions[lines[1].function.index()].name, "main.(*Cache[...]).Put");
  EXPECT_EQ(profile.functions[lines[1].function.index()].file, "/src/main.go");
  EXPECT_EQ(lines[1].line, 14);
  EXPECT_EQ(profile.stack(StackId(1U))[1], stack[1]);
}

TEST(GoText, NamesAndFilesAreCutBeyondTheirBound) {
  std::string text(kGoText);
  text.replace(text.find("main.small"), 10, std::string(5000, 'n'));
  text.replace(text.find("/src/main.go"), 12, std::string(5000, 'f'));
  const HeapProfile profile = Decoded(text);
  EXPECT_EQ(profile.functions[0].name, std::string(4096, 'n'));
  EXPECT_EQ(profile.functions[0].file, std::string(4096, 'f'));
}

TEST(GoText, BlocksAreOfOneSizeAndAllocIsAlwaysThere) {
  std::string text(kGoText);
  text.replace(text.find("[2: 96] @ heap"), 7, "[1: 48]");
  const HeapProfile profile = Decoded(text);
  EXPECT_EQ(profile.samples[0].block_bytes, 48);
  EXPECT_EQ(profile.total(Quantity::kAllocSpace), 112);
}

constexpr std::string_view kJemalloc =
    "heap_v2/524288\n"
    "  t*: 3: 192 [0: 0]\n"
    "  t0: 1: 64 [0: 0]\n"
    "  t7: 2: 128 [0: 0]\n"
    "@ 0x1001 0x2001\n"
    "  t*: 1: 64 [0: 0]\n"
    "  t0: 1: 64 [0: 0]\n"
    "@ 0x3001 0x2001\n"
    "  t*: 2: 1048576 [0: 0]\n"
    "  t7: 2: 1048576 [0: 0]\n"
    "\nMAPPED_LIBRARIES:\n"
    "1000-4000 r-xp 00000000 00:00 0 /bin/app\n";

TEST(JemallocText, ReadsTheRowsOfAllThreadsAndUnsamplesThem) {
  const HeapProfile profile = Decoded(kJemalloc);
  EXPECT_THAT(profile.values, ElementsAre(8192, 524320, 3, 1658822));
  EXPECT_EQ(profile.locations[0].address, 0x1000U);
  EXPECT_EQ(profile.mappings[0].file, "/bin/app");
}

TEST(JemallocText, WithoutProfAccumAllocIsAbsent) {
  EXPECT_EQ(Decoded(kJemalloc).total(Quantity::kAllocSpace), std::nullopt);
  const HeapProfile accum =
      Decoded("heap_v2/1\n  t*: 1: 64 [2: 128]\n@ 0x1\n  t*: 1: 64 [2: 128]\n");
  EXPECT_EQ(accum.total(Quantity::kAllocSpace), 128);
}

TEST(JemallocText, SaysWhichLineIsBroken) {
  EXPECT_THAT(MessageOf("heap_v2/x\n"), HasSubstr("line 1 (byte 0): no sampling period"));
  EXPECT_THAT(MessageOf("heap_v2/1\n"), HasSubstr("the totals (t*) are missing"));
  EXPECT_THAT(MessageOf("heap_v2/1\n  t*: 1: 64 [0: 0]\n  t*: 1: 64 [0: 0]\n"),
              HasSubstr("line 3"));
  EXPECT_THAT(MessageOf("heap_v2/1\n  t*: 1: 64 [0: 0]\n@ 0x1\n  t*: 1: 6"),
              HasSubstr("cut short"));
}

}  // namespace
}  // namespace heapwatch
