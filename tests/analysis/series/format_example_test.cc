// The worked example of watcher/store/FORMAT.md, byte for byte: who changes these changes the
// format.
#include <gtest/gtest.h>

#include "analysis/series/row_codec.h"
#include "analysis/series/stack_table.h"
#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    char text[4];
    std::snprintf(text, sizeof(text), "%02x ",
                  static_cast<unsigned>(static_cast<unsigned char>(byte)));
    hex += text;
  }
  return hex.substr(0, hex.empty() ? 0 : hex.size() - 1);
}

HeapProfile Example(std::int64_t allocated, std::int64_t live) {
  ProfileMaker maker({{"alloc_objects", "count"},
                      {"alloc_space", "bytes"},
                      {"inuse_objects", "count"},
                      {"inuse_space", "bytes"}});
  const BlockSize size{64, 8192.5};
  const auto alloc = FromSampledCount(allocated, size);
  const auto inuse = FromSampledCount(live, size);
  maker.Sample(maker.Stack({"f"}), 64, {alloc.objects, alloc.bytes, inuse.objects, inuse.bytes});
  return maker.Make();
}

TEST(Format, WritesTheExampleAsDocumented) {
  RowWriter writer;
  const Time start = FromUnixMillis(1'700'000'000'000);
  const HeapProfile first = Example(40, 3);
  const auto keyframe = writer.Write(start, first).value();
  const auto delta = writer.Write(start + std::chrono::minutes(1), Example(45, 4)).value();
  const auto still = writer.Write(start + std::chrono::minutes(2), Example(45, 4)).value();
  const DictionaryEntry function = EncodeFunction(first.functions[0]);
  EXPECT_EQ(Hex(keyframe.bytes),
            "15 5f 02 80 80 40 05 73 70 61 63 65 05 62 79 74 65 73 04 0d 61 6c 6c 6f 63 "
            "5f 6f 62 6a 65 63 74 73 05 63 6f 75 6e 74 0b 61 6c 6c 6f 63 5f 73 70 61 63 "
            "65 05 62 79 74 65 73 0d 69 6e 75 73 65 5f 6f 62 6a 65 63 74 73 05 63 6f 75 "
            "6e 74 0b 69 6e 75 73 65 5f 73 70 61 63 65 05 62 79 74 65 73 00 00 01 80 01 "
            "aa 4e 55 00 40 00 c0 40 01 94 e6 e0 fc 69 94 7c 22 1c ee 99 fa ae 77 87 fd "
            "00 01 05 50 06");
  EXPECT_EQ(Hex(delta.bytes), "12 c0 a9 07 01 00 00 01 05 0a 02");
  EXPECT_EQ(Hex(still.bytes), "12 80 d3 0e 02 00 00 00");
  EXPECT_EQ(Hex(function.bytes), "01 01 66 07 6d 61 69 6e 2e 67 6f 02");
  EXPECT_EQ(Hex(EncodeStack(first, StackId(0U), std::vector{function.hash})),
            "01 04 5d da d7 72 9f 63 1a 97 37 9b ac 29 0b aa c7 27 14 00");
}

}  // namespace
}  // namespace heapwatch
