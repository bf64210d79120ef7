#include "analysis/series/block_codec.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

Time Minute(std::size_t n) { return FromUnixMillis(static_cast<std::int64_t>(n) * 60'000); }

Segment TableOf(const ChainSegment& chain) {
  Segment segment{chain.frame(), {}};
  const auto read = chain.ForEachSeries([&](std::size_t, std::span<const std::int64_t> values) {
    segment.values.insert(segment.values.end(), values.begin(), values.end());
  });
  EXPECT_TRUE(read);
  return segment;
}

// As many snapshots as the first chain of this process has, up to 60.
ChainSegment RandomChain(std::uint64_t seed) {
  RandomHeap heap(seed);
  RowWriter writer;
  ChainSegment chain;
  for (std::size_t i = 0; i < 60; ++i) {
    const auto row = writer.Write(Minute(i), heap.Next()).value();
    if (row.is_keyframe && i > 0) break;
    EXPECT_TRUE(chain.Add(Minute(i), row.bytes));
  }
  return chain;
}
Segment RandomSegment(std::uint64_t seed) { return TableOf(RandomChain(seed)); }

Result<std::vector<std::int64_t>> Unpack(const PackedBlock& block) {
  const auto header = UnpackHeader(block.header);
  if (!header) return Fail(header.error());
  std::vector<std::int64_t> values;
  for (std::size_t chunk = 0; chunk < std::min(header->chunk_count(), block.chunks.size());
       ++chunk) {
    const auto read = UnpackChunk(*header, chunk, block.chunks[chunk],
                                  [&](std::size_t, std::span<const std::int64_t> series) {
                                    values.insert(values.end(), series.begin(), series.end());
                                  });
    if (!read) return Fail(read.error());
  }
  return values;
}

TEST(BlockCodec, GivesBackEveryValueOfRandomSegments) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Segment segment = RandomSegment(seed);
    const PackedBlock block = PackBlock(segment);
    const auto header = UnpackHeader(block.header).value();
    EXPECT_EQ(header.frame.times, segment.frame.times);
    EXPECT_EQ(header.frame.resident_bytes, segment.frame.resident_bytes);
    EXPECT_EQ(header.frame.series, segment.frame.series);
    ASSERT_EQ(header.frame.heads.size(), segment.frame.heads.size());
    for (std::size_t i = 0; i < header.frame.heads.size(); ++i) {
      EXPECT_EQ(header.frame.heads[i].from, segment.frame.heads[i].from);
      EXPECT_EQ(Canonical(*header.frame.heads[i].profile),
                Canonical(*segment.frame.heads[i].profile));
    }
    EXPECT_EQ(Unpack(block).value(), segment.values) << "seed " << seed;
  }
}

// Enough series for several chunks; the n-th has the value n from snapshot n on.
Segment WideSegment() {
  constexpr std::size_t kSeries = 5000;
  ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
  Segment segment;
  for (std::size_t t = 0; t < 20; ++t) segment.frame.times.push_back(Minute(t));
  segment.frame.resident_bytes.resize(20);
  segment.frame.heads.push_back({0, std::make_shared<const HeapProfile>(maker.Make())});
  for (std::size_t n = 0; n < kSeries; ++n) {
    segment.frame.series.push_back({{n, n}, static_cast<std::int64_t>(n % 3)});
    for (std::size_t t = 0; t < 20; ++t)
      segment.values.push_back(t < n % 20 ? 0 : static_cast<std::int64_t>(n));
  }
  return segment;
}

TEST(BlockCodec, GivesSomeSeriesWithoutTheOthers) {
  const Segment segment = WideSegment();
  const PackedBlock block = PackBlock(segment);
  const auto header = UnpackHeader(block.header).value();
  ASSERT_GT(header.chunk_count(), 2U);
  ASSERT_EQ(block.chunks.size(), header.chunk_count());
  const SeriesList wanted = {0, 1, 1700, 4999};
  std::vector<std::uint32_t> got;
  std::set<std::size_t> chunks;
  for (const std::uint32_t series : wanted) {
    const std::size_t chunk = header.ChunkOf(series);
    if (!chunks.insert(chunk).second) continue;
    const auto read = UnpackChunk(
        header, chunk, block.chunks[chunk],
        [&](std::size_t number, std::span<const std::int64_t> values) {
          got.push_back(static_cast<std::uint32_t>(number));
          const auto expected = segment.values_of(number);
          EXPECT_TRUE(std::equal(values.begin(), values.end(), expected.begin(), expected.end()));
        },
        &wanted);
    ASSERT_TRUE(read) << read.error().message;
  }
  EXPECT_EQ(got, wanted);
}

TEST(ChainSegment, GivesSomeSeriesWithoutTheOthers) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const ChainSegment chain = RandomChain(seed);
    const Segment all = TableOf(chain);
    SeriesList wanted;
    for (std::uint32_t n = 1; n + 1 < all.frame.series.size(); n += 3) wanted.push_back(n);
    SeriesList got;
    const auto read = chain.ForEachSeries(
        [&](std::size_t number, std::span<const std::int64_t> values) {
          got.push_back(static_cast<std::uint32_t>(number));
          const auto expected = all.values_of(number);
          EXPECT_TRUE(std::equal(values.begin(), values.end(), expected.begin(), expected.end()));
        },
        &wanted);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_GT(got.size(), 1U);
    EXPECT_EQ(got, wanted);
  }
}

TEST(BlockCodec, TellsWhetherABlockIsShort) {
  for (const bool is_short : {true, false}) {
    const PackedBlock block = PackBlock(RandomSegment(4), is_short);
    EXPECT_EQ(UnpackHeader(block.header)->is_short, is_short);
    EXPECT_EQ(Unpack(block).value(), RandomSegment(4).values);
  }
}

TEST(BlockCodec, FindsTheSizeOfObjectsWhereTheProfileTellsNone) {
  const BlockSize size = BlockSizeAt(96, 524288);
  ProfileMaker maker(GoSampleTypes());
  const StackId stack = maker.Stack({"main.f"});
  RowWriter writer;
  ChainSegment chain;
  for (std::int64_t i = 0; i < 200; ++i) {
    maker.profile().samples.clear();
    maker.profile().values.clear();
    const auto told = FromSampledCount(1000 + i * i % 17, size);
    maker.Sample(stack, 0, {told.objects, told.bytes, told.objects, told.bytes});
    const Time time = Minute(static_cast<std::size_t>(i));
    ASSERT_TRUE(chain.Add(time, writer.Write(time, maker.Make())->bytes));
  }
  const Segment segment = TableOf(chain);
  const PackedBlock block = PackBlock(segment);
  EXPECT_EQ(Unpack(block).value(), segment.values);
  EXPECT_LT(block.chunks[0].size(), 200U);  // a byte for two steps of 17 kinds that repeat
}

TEST(BlockCodec, SurvivesDamage) {
  const PackedBlock whole = PackBlock(RandomSegment(4));
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; ++i) {
    PackedBlock broken = whole;
    std::string& part = i % 2 == 0 ? broken.header : broken.chunks[random() % broken.chunks.size()];
    part[random() % part.size()] = static_cast<char>(random());
    if (i % 3 == 0) part.resize(random() % part.size());
    (void)Unpack(broken).has_value();
  }
}

TEST(BlockCodec, RefusesAnUnknownFormat) {
  PackedBlock block = PackBlock(RandomSegment(4));
  block.header[0] = 9;
  EXPECT_EQ(UnpackHeader(block.header).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace heapwatch
