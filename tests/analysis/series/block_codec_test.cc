#include "analysis/series/block_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <set>

#include "analysis/series/block_packer.h"
#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

Time Minute(std::size_t n) { return FromUnixMillis(static_cast<std::int64_t>(n) * 60'000); }

struct Table {
  SegmentFrame frame;
  std::vector<std::int64_t> values;  // series x columns x snapshots

  // All columns of one series, one after the other.
  std::span<const std::int64_t> values_of(std::size_t series) const {
    const std::size_t size = frame.column_count() * frame.times.size();
    return std::span(values).subspan(series * size, size);
  }
};

Table TableOf(const ChainSegment& chain) {
  Table segment{chain.frame(), {}};
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
Table RandomSegment(std::uint64_t seed) { return TableOf(RandomChain(seed)); }

std::vector<ValueUnit> UnitsOfTable(const Table& table) {
  return UnitsOf(table.frame.heads.front().profile->sample_types);
}

PackedBlock PackBlock(const Table& table, bool is_short = false) {
  const std::size_t width = table.frame.times.size();
  BlockPacker packer(table.frame, is_short);
  for (std::size_t n = 0; n < table.frame.series().size(); ++n) {
    const auto column = [&](std::size_t c) {
      const auto values = table.values_of(n).subspan(c * width, width);
      return std::vector(values.begin(), values.end());
    };
    SeriesColumns columns;
    for (const ValueUnit& unit : UnitsOfTable(table)) {
      columns.push_back({{}, column(unit.column), {}});
      if (unit.bytes_column) columns.back().bytes = column(*unit.bytes_column);
    }
    packer.Add(table.frame.series()[n], columns);
  }
  return std::move(packer).Finish();
}

void ExpectToTell(const ColumnSource& source, const Table& table) {
  const std::size_t width = table.frame.times.size();
  const auto units = UnitsOfTable(table);
  SeriesColumns columns;
  for (std::size_t n = 0; n < table.frame.series().size(); ++n) {
    ASSERT_TRUE(source.Read(n, columns));
    ASSERT_EQ(columns.size(), units.size());
    for (std::size_t u = 0; u < units.size(); ++u) {
      columns[u].TellValues();
      const auto expect = [&](const std::vector<std::int64_t>& values, std::size_t c) {
        const auto expected = table.values_of(n).subspan(c * width, width);
        EXPECT_TRUE(std::equal(values.begin(), values.end(), expected.begin(), expected.end()));
      };
      expect(columns[u].first, units[u].column);
      if (units[u].bytes_column) expect(columns[u].bytes, *units[u].bytes_column);
    }
  }
}

Result<BlockHeader> UnpackHeaderAndSeries(const PackedBlock& block) {
  auto header = UnpackHeader(block.header);
  if (!header) return header;
  const auto series = UnpackSeries(block.series, header->series_hash);
  const auto set = series ? header->SetSeries(*series) : Fail(series.error());
  if (!set) return Fail(set.error());
  return header;
}

Result<std::vector<std::int64_t>> Unpack(const PackedBlock& block) {
  const auto header = UnpackHeaderAndSeries(block);
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
    const Table segment = RandomSegment(seed);
    const PackedBlock block = PackBlock(segment);
    const auto header = UnpackHeaderAndSeries(block).value();
    EXPECT_EQ(header.frame.times, segment.frame.times);
    EXPECT_EQ(header.frame.resident_bytes, segment.frame.resident_bytes);
    EXPECT_EQ(header.frame.series(), segment.frame.series());
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
Table WideSegment() {
  constexpr std::size_t kSeries = 5000;
  ProfileMaker maker(std::vector<SampleType>{{"inuse_space", "bytes"}});
  Table segment;
  for (std::size_t t = 0; t < 20; ++t) segment.frame.times.push_back(Minute(t));
  segment.frame.resident_bytes.resize(20);
  segment.frame.heads.push_back({0, std::make_shared<const HeapProfile>(maker.Make())});
  std::vector<SeriesKey> series;
  for (std::size_t n = 0; n < kSeries; ++n) {
    series.push_back({{n, n}, static_cast<std::int64_t>(n % 3)});
    for (std::size_t t = 0; t < 20; ++t)
      segment.values.push_back(t < n % 20 ? 0 : static_cast<std::int64_t>(n));
  }
  segment.frame.series_list = std::make_shared<const std::vector<SeriesKey>>(std::move(series));
  return segment;
}

TEST(BlockCodec, GivesSomeSeriesWithoutTheOthers) {
  const Table segment = WideSegment();
  const PackedBlock block = PackBlock(segment);
  const auto header = UnpackHeaderAndSeries(block).value();
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
    const Table all = TableOf(chain);
    SeriesList wanted;
    for (std::uint32_t n = 1; n + 1 < all.frame.series().size(); n += 3) wanted.push_back(n);
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

TEST(BlockCodec, TellsColumnsAsTheyArePacked) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Table table = RandomSegment(seed);
    const PackedBlock block = PackBlock(table);
    const auto header = UnpackHeaderAndSeries(block).value();
    BlockColumns columns(header);
    for (const std::string& chunk : block.chunks) ASSERT_TRUE(columns.Add(chunk));
    ExpectToTell(columns, table);
  }
}

TEST(ChainSegment, TellsColumnsAsTheyArePacked) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const ChainSegment chain = RandomChain(seed);
    const auto columns = chain.Columns();
    ASSERT_TRUE(columns);
    ExpectToTell(**columns, TableOf(chain));
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
  const Table segment = TableOf(chain);
  const PackedBlock block = PackBlock(segment);
  EXPECT_EQ(Unpack(block).value(), segment.values);
  EXPECT_LT(block.chunks[0].size(), 200U);  // a byte for two steps of 17 kinds that repeat
}

// Under the compression, which would keep most damage from what is below it.
void DamagePlain(std::string& chunk, std::mt19937_64& random) {
  ByteReader in(chunk);
  std::string plain(in.Varint(), '\0');
  const std::string_view packed = in.Bytes(in.left());
  ASSERT_EQ(ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()),
            plain.size());
  plain[random() % plain.size()] = static_cast<char>(random() % 4 == 0 ? 0 : random());
  std::string compressed(ZSTD_compressBound(plain.size()), '\0');
  compressed.resize(
      ZSTD_compress(compressed.data(), compressed.size(), plain.data(), plain.size(), 1));
  chunk.clear();
  ByteWriter(chunk).Varint(plain.size());
  chunk += compressed;
}

void ExpectWithinBounds(const UnitColumns& unit) {
  if (!unit.counted) return;
  const std::int64_t bound = CountBound(*unit.counted);
  for (const std::int64_t count : unit.first) {
    EXPECT_LE(count, bound);
    EXPECT_GE(count, -bound);
  }
}

TEST(BlockCodec, SurvivesDamage) {
  const PackedBlock whole = PackBlock(RandomSegment(4));
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; ++i) {
    PackedBlock broken = whole;
    std::string* const parts[] = {&broken.header, &broken.series,
                                  &broken.chunks[random() % broken.chunks.size()]};
    std::string& part = *parts[random() % 3];
    if (i % 2 == 0) {
      DamagePlain(*parts[2], random);
    } else {
      part[random() % part.size()] = static_cast<char>(random());
      if (i % 3 == 0) part.resize(random() % part.size());
    }
    (void)Unpack(broken).has_value();
    const auto header = UnpackHeaderAndSeries(broken);
    if (!header) continue;
    BlockColumns columns(*header);
    bool is_sound = broken.chunks.size() == header->chunk_count();
    for (const std::string& chunk : broken.chunks) is_sound = is_sound && columns.Add(chunk);
    SeriesColumns read;
    for (std::size_t n = 0; is_sound && n < header->series_count(); ++n) {
      if (!columns.Read(n, read)) break;
      for (UnitColumns& unit : read) {
        ExpectWithinBounds(unit);
        unit.TellValues();
      }
    }
  }
}

TEST(BlockCodec, RefusesAnUnknownFormat) {
  PackedBlock block = PackBlock(RandomSegment(4));
  block.header[0] = 9;
  EXPECT_EQ(UnpackHeader(block.header).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace heapwatch
