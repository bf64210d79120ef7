#include "analysis/series/block_codec.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "analysis/series/block_format.h"
#include "analysis/series/byte_io.h"
#include "analysis/series/profile_head.h"
#include "analysis/series/step_coding.h"

namespace heapwatch {
namespace {

constexpr std::size_t kHashBytes = 16;
// No chunk that was written is as large as this; a damaged one may say it is.
constexpr std::size_t kMaxChunkBytes = 256U << 20;

tl::unexpected<Error> Corrupt(std::string_view what) {
  return Fail(ErrorCode::kCorrupt, "a block whose " + std::string(what) + " makes no sense");
}

// A context of zstd's for each thread, as it takes long to make.
struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
ZSTD_DCtx* DecompressionContext() {
  static thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

std::optional<std::string> Decompress(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t size = in.Varint();
  if (!in.ok() || size > kMaxChunkBytes) return std::nullopt;
  std::string out(size, '\0');
  const std::string_view packed = in.Bytes(in.left());
  if (ZSTD_decompressDCtx(DecompressionContext(), out.data(), out.size(), packed.data(),
                          packed.size()) != size) {
    return std::nullopt;
  }
  return out;
}

bool UnpackUnit(const ValueUnit& unit, std::span<std::int64_t> series, std::size_t width,
                BlockSize size, ByteReader& in) {
  const auto first = series.subspan(unit.column * width, width);
  const auto coding = static_cast<UnitCoding>(in.Byte());
  if (coding == UnitCoding::kColumns) {
    return ReadSteps(in, first) &&
           (!unit.bytes_column || ReadSteps(in, series.subspan(*unit.bytes_column * width, width)));
  }
  if (!unit.bytes_column || coding > UnitCoding::kCountsOfSize) return false;
  if (coding == UnitCoding::kCountsOfSize) {
    size.block_bytes = in.Zigzag();
    size.scale = in.Double();
  }
  const auto bytes = series.subspan(*unit.bytes_column * width, width);
  const std::int64_t bound = CountBound(size);
  if (bound == 0) size = {};  // whatever it was, there is nothing of it
  return ForEachStretch(in, width, [&](std::size_t begin, std::size_t length, std::int64_t count) {
    if (count > bound || count < -bound) return false;
    const ObjectsAndBytes told = FromCountInBound(count, size);
    FillStretch(first, begin, length, told.objects);
    FillStretch(bytes, begin, length, told.bytes);
    return true;
  });
}

bool UnpackUnitAt(const ValueUnit& unit, std::span<std::int64_t> values, std::size_t width,
                  std::size_t snapshot, BlockSize size, ByteReader& in) {
  std::int64_t& first = values[unit.column];
  const auto coding = static_cast<UnitCoding>(in.Byte());
  if (coding == UnitCoding::kColumns) {
    return ReadStepsAt(in, width, snapshot, first) &&
           (!unit.bytes_column || ReadStepsAt(in, width, snapshot, values[*unit.bytes_column]));
  }
  if (!unit.bytes_column || coding > UnitCoding::kCountsOfSize) return false;
  if (coding == UnitCoding::kCountsOfSize) {
    size.block_bytes = in.Zigzag();
    size.scale = in.Double();
  }
  std::int64_t count = 0;
  if (!ReadStepsAt(in, width, snapshot, count) || !IsCountInRange(count, size)) return false;
  const ObjectsAndBytes told = FromSampledCount(count, size);
  first = told.objects;
  values[*unit.bytes_column] = told.bytes;
  return true;
}

bool ReadResident(ByteReader& in, std::size_t count,
                  std::vector<std::optional<std::int64_t>>& resident) {
  resident.resize(count);
  const std::uint8_t is_told = in.Byte();
  if (is_told != 1) return is_told == 0;
  std::int64_t last = 0;
  for (auto& bytes : resident) {
    last = WrappingSum(last, in.Zigzag());
    if (last != kUntoldResident) bytes = last;
  }
  return true;
}

bool ReadTimes(ByteReader& in, std::vector<Time>& times) {
  const std::size_t count = in.Count();
  times.reserve(count);
  std::int64_t last = 0;
  std::int64_t step = 0;
  for (std::size_t i = 0; i < count; ++i) {
    step = WrappingSum(step, in.Zigzag());
    last = WrappingSum(last, step);
    if (i > 0 && FromUnixMillis(last) <= times.back()) return false;
    times.push_back(FromUnixMillis(last));
  }
  return count > 0;
}

bool ReadSeries(ByteReader& in, BlockSeries& series) {
  std::vector<BlockSize> sizes;
  const std::size_t size_count = in.Count(9);
  for (std::size_t i = 0; i < size_count; ++i) {
    const std::int64_t block_bytes = in.Zigzag();
    sizes.push_back({block_bytes, in.Double()});
  }
  const std::size_t count = in.Count(kHashBytes + 1);
  ByteReader stacks(in.Bytes(count * kHashBytes));
  series.keys.reserve(count);
  series.sizes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ContentHash stack = stacks.Hash();
    const std::uint64_t size = in.Varint();
    if (size >= sizes.size()) return false;
    series.keys.push_back({stack, sizes[size].block_bytes});
    series.sizes.push_back(sizes[size]);
  }
  return in.ok() && in.done();
}

// Each chunk has a series at least.
bool ReadChunkEnds(ByteReader& in, BlockHeader& header) {
  const std::size_t count = in.Count();
  header.chunk_ends.reserve(count);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = in.Varint();
    if (length == 0 || length > UINT32_MAX - end) return false;
    end += length;
    header.chunk_ends.push_back(static_cast<std::uint32_t>(end));
  }
  return true;
}

bool ReadHeads(ByteReader& in, SegmentFrame& frame) {
  const std::size_t count = in.Count();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t from = in.Varint();
    auto profile = DecodeHead(in.Text());
    if (!profile || from >= frame.times.size() || (i == 0) != (from == 0) ||
        profile->sample_types.size() > kMaxSampleTypes || profile->sample_types.empty()) {
      return false;
    }
    if (i > 0 && (from <= frame.heads.back().from ||
                  profile->sample_types != frame.heads.front().profile->sample_types)) {
      return false;
    }
    frame.heads.push_back({from, std::make_shared<const HeapProfile>(std::move(*profile))});
  }
  return count > 0;
}

}  // namespace

ContentHash HashOfSeriesList(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::size_t BlockHeader::ChunkOf(std::size_t number) const {
  return static_cast<std::size_t>(std::upper_bound(chunk_ends.begin(), chunk_ends.end(), number) -
                                  chunk_ends.begin());
}

Result<void> BlockHeader::SetSeries(std::shared_ptr<const BlockSeries> list) {
  if (list->keys.size() != series_count()) return Corrupt("number of series");
  series = std::move(list);
  frame.series_list = {series, &series->keys};
  return {};
}

Result<BlockHeader> UnpackHeader(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.Byte();
  if (format != kBlockFormat) {
    return Fail(ErrorCode::kCorrupt, "a block of format " + std::to_string(format) +
                                         ", which this version does not know");
  }
  BlockHeader header;
  const std::uint8_t flags = in.Byte();
  if (flags > kIsShortBlock) return Corrupt("beginning");
  header.is_short = flags == kIsShortBlock;
  if (!ReadTimes(in, header.frame.times)) return Corrupt("times");
  if (!ReadResident(in, header.frame.times.size(), header.frame.resident_bytes)) {
    return Corrupt("resident memory");
  }
  if (!ReadHeads(in, header.frame)) return Corrupt("heads");
  header.series_hash = in.Hash();
  if (!ReadChunkEnds(in, header)) return Corrupt("chunks");
  if (!in.ok() || !in.done()) return Corrupt("header");
  header.units = UnitsOf(header.frame.heads.front().profile->sample_types);
  return header;
}

Result<std::shared_ptr<const BlockSeries>> UnpackSeries(std::string_view bytes,
                                                        const ContentHash& hash) {
  if (HashOfSeriesList(bytes) != hash) return Corrupt("list of series");
  ByteReader in(bytes);
  auto series = std::make_shared<BlockSeries>();
  if (!ReadSeries(in, *series)) return Corrupt("list of series");
  return series;
}

namespace {

// Adds the bytes of each of the `count` series that a chunk is made of.
bool Split(std::string_view plain, std::size_t count, std::vector<std::string_view>& series) {
  ByteReader in(plain);
  std::vector<std::uint64_t> lengths;
  for (std::size_t i = 0; i < count; ++i) lengths.push_back(in.Varint());
  for (const std::uint64_t length : lengths) series.push_back(in.Bytes(length));
  return in.ok() && in.done();
}

// Calls `use` with each series of the chunk, or those in `only`, of which `unpack` has put unit
// after unit into `values`.
template <class UnpackOne>
Result<void> ForEachSeriesOf(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                             const SeriesList* only, std::span<const std::int64_t> values,
                             const UseSeries& use, const UnpackOne& unpack) {
  const auto plain = Decompress(bytes);
  if (!plain) return Corrupt("compression");
  const std::size_t begin = header.chunk_begin(chunk);
  const std::size_t end = header.chunk_ends[chunk];
  std::vector<std::string_view> bytes_of_series;
  if (!Split(*plain, end - begin, bytes_of_series)) return Corrupt("end");
  auto next = only != nullptr ? std::lower_bound(only->begin(), only->end(), begin)
                              : SeriesList::const_iterator();
  for (std::size_t series = begin; series < end; ++series) {
    if (only != nullptr) {
      if (next == only->end() || *next != series) continue;
      ++next;
    }
    ByteReader units(bytes_of_series[series - begin]);
    for (const ValueUnit& unit : header.units) {
      if (!unpack(series, unit, units)) return Corrupt("values");
    }
    if (!units.done()) return Corrupt("values");
    use(series, values);
  }
  return {};
}

}  // namespace

Result<void> UnpackChunk(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         const UseSeries& use, const SeriesList* only) {
  const std::size_t width = header.frame.times.size();
  std::vector<std::int64_t> values(header.frame.column_count() * width);
  return ForEachSeriesOf(header, chunk, bytes, only, values, use,
                         [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
                           return UnpackUnit(unit, values, width, header.series->sizes[series], in);
                         });
}

Result<void> UnpackChunkAt(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                           std::size_t snapshot, const UseSeries& use) {
  std::vector<std::int64_t> values(header.frame.column_count());
  return ForEachSeriesOf(header, chunk, bytes, nullptr, values, use,
                         [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
                           return UnpackUnitAt(unit, values, header.frame.times.size(), snapshot,
                                               header.series->sizes[series], in);
                         });
}

Result<void> BlockColumns::Add(std::string_view bytes) {
  const std::size_t chunk = plain_.size();
  auto plain = Decompress(bytes);
  if (!plain) return Corrupt("compression");
  plain_.push_back(std::move(*plain));
  const std::size_t count = header_.chunk_ends[chunk] - header_.chunk_begin(chunk);
  if (!Split(plain_.back(), count, series_)) return Corrupt("end");
  return {};
}

bool BlockColumns::Read(std::size_t series, SeriesColumns& columns) const {
  const std::size_t width = header_.frame.times.size();
  ByteReader in(series_[series]);
  columns.resize(header_.units.size());
  for (std::size_t u = 0; u < columns.size(); ++u) {
    const auto coding = static_cast<UnitCoding>(in.Byte());
    UnitColumns& told = columns[u];
    told.counted.reset();
    told.first.resize(width);
    told.bytes.clear();
    if (coding == UnitCoding::kColumns) {
      if (!ReadSteps(in, told.first)) return false;
      if (!header_.units[u].bytes_column) continue;
      told.bytes.resize(width);
      if (!ReadSteps(in, told.bytes)) return false;
      continue;
    }
    if (!header_.units[u].bytes_column || coding > UnitCoding::kCountsOfSize) return false;
    told.counted = header_.series->sizes[series];
    if (coding == UnitCoding::kCountsOfSize) {
      told.counted->block_bytes = in.Zigzag();
      told.counted->scale = in.Double();
    }
    if (!ReadSteps(in, told.first)) return false;
    const std::int64_t bound = CountBound(*told.counted);
    const auto [least, most] = std::minmax_element(told.first.begin(), told.first.end());
    if (*least < -bound || *most > bound) return false;
  }
  return in.done();
}

}  // namespace heapwatch
