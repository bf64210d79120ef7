// The worked example of watcher/store/FORMAT.md, byte for byte: who changes these changes the
// format.
#include <gtest/gtest.h>

#include <tuple>
#include <utility>

#include "analysis/series/block_packer.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/segment.h"
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

TEST(Format, WritesTheExampleAsABlockAsDocumented) {
  const Time start = FromUnixMillis(1'700'000'000'000);
  RowWriter writer;
  ChainSegment chain;
  for (const auto& [minute, allocated, live] : {std::tuple{0, 40, 3}, {1, 45, 4}, {2, 45, 4}}) {
    const Time time = start + std::chrono::minutes(minute);
    ASSERT_TRUE(chain.Add(time, writer.Write(time, Example(allocated, live)).value().bytes));
  }
  SeriesColumns columns;
  ASSERT_TRUE(chain.Columns().value()->Read(0, columns));
  BlockPacker packer(chain.frame());
  packer.Add(chain.frame().series()[0], columns);
  const PackedBlock block = std::move(packer).Finish();
  EXPECT_EQ(Hex(block.header),
            "04 00 03 80 a0 ab fe f9 62 bf f6 a3 fe f9 62 00 00 01 00 5f 02 80 80 40 05 "
            "73 70 61 63 65 05 62 79 74 65 73 04 0d 61 6c 6c 6f 63 5f 6f 62 6a 65 63 74 "
            "73 05 63 6f 75 6e 74 0b 61 6c 6c 6f 63 5f 73 70 61 63 65 05 62 79 74 65 73 "
            "0d 69 6e 75 73 65 5f 6f 62 6a 65 63 74 73 05 63 6f 75 6e 74 0b 69 6e 75 73 "
            "65 5f 73 70 61 63 65 05 62 79 74 65 73 00 00 be 9e 1b ac d3 07 c1 88 6c dd "
            "78 dc 59 d1 11 c3 01 01");
  EXPECT_EQ(Hex(block.series),
            "01 80 01 aa 4e 55 00 40 00 c0 40 01 94 e6 e0 fc 69 94 7c 22 1c ee 99 fa ae "
            "77 87 fd 00");
  ASSERT_EQ(block.chunks.size(), 1U);
  EXPECT_EQ(Hex(block.chunks[0]), "0a 28 b5 2f fd 20 0a 51 00 00 09 01 a0 01 14 01 01 0c 04 01");
}

}  // namespace
}  // namespace heapwatch
