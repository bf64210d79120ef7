#include "analysis/series/block_codec.h"

#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "analysis/series/byte_io.h"
#include "analysis/series/profile_head.h"
#include "analysis/series/step_coding.h"

namespace heapwatch {
namespace {

constexpr std::uint8_t kFormat = 3;
constexpr std::uint8_t kIsShort = 1;
// A chunk ends with the series that makes it so long. Larger ones take a little less on disk,
// smaller ones are quicker to read one series of.
constexpr std::size_t kChunkBytes = 8U << 10;
constexpr std::size_t kHashBytes = 16;
// A level more takes twice the time and saves one byte in a hundred.
constexpr int kCompressionLevel = 3;
// Short blocks are soon written anew.
constexpr int kShortCompressionLevel = 1;
// No chunk that was written is as large as this; a damaged one may say it is.
constexpr std::size_t kMaxChunkBytes = 256U << 20;
// Resident memory that is not told at a snapshot, among others where it is.
constexpr std::int64_t kUntold = -1;

// How a unit of a series is told.
enum class UnitCoding : std::uint8_t {
  kColumns = 0,       // each column by its steps
  kCounts = 1,        // sampled objects of the series' block size
  kCountsOfSize = 2,  // sampled objects of a size told here, where the profile told none
};

tl::unexpected<Error> Corrupt(std::string_view what) {
  return Fail(ErrorCode::kCorrupt, "a block whose " + std::string(what) + " makes no sense");
}

// A context of zstd's for each thread, as it takes long to make.
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
ZSTD_CCtx* CompressionContext() {
  static thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* DecompressionContext() {
  static thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

std::string Compress(std::string_view bytes, int level) {
  std::string out;
  ByteWriter(out).Varint(bytes.size());
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compressCCtx(CompressionContext(), out.data() + begin,
                                             out.size() - begin, bytes.data(), bytes.size(), level);
  out.resize(begin + size);
  return out;
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

// The counts behind both columns of a unit at every snapshot; nothing where one has none.
std::optional<std::vector<std::int64_t>> CountsOf(std::span<const std::int64_t> objects,
                                                  std::span<const std::int64_t> bytes,
                                                  const BlockSize& size) {
  std::vector<std::int64_t> counts(objects.size());
  for (std::size_t t = 0; t < counts.size(); ++t) {
    if (t > 0 && objects[t] == objects[t - 1] && bytes[t] == bytes[t - 1]) {
      counts[t] = counts[t - 1];
      continue;
    }
    const auto count = SampledCount(objects[t], bytes[t], size);
    if (!count) return std::nullopt;
    counts[t] = *count;
  }
  return counts;
}

// The size all objects seem to have, where the profile told none: from the snapshot with the most
// of them, where rounding matters least.
BlockSize GuessSize(std::span<const std::int64_t> objects, std::span<const std::int64_t> bytes,
                    std::optional<std::int64_t> period) {
  const auto most = std::max_element(objects.begin(), objects.end());
  if (most == objects.end() || *most <= 0) return {};
  const auto largest = static_cast<double>(bytes[static_cast<std::size_t>(most - objects.begin())]);
  const double size = std::round(largest / static_cast<double>(*most));
  if (!(size >= 1 && size < 1e12)) return {};
  return BlockSizeAt(static_cast<std::int64_t>(size), period);
}

void PackUnit(const ValueUnit& unit, std::span<const std::int64_t> series, std::size_t width,
              const BlockSize& size, std::optional<std::int64_t> period, ByteWriter& out) {
  const auto first = series.subspan(unit.column * width, width);
  if (unit.bytes_column) {
    const auto bytes = series.subspan(*unit.bytes_column * width, width);
    const BlockSize used = size.block_bytes > 0 ? size : GuessSize(first, bytes, period);
    if (const auto counts = CountsOf(first, bytes, used)) {
      const bool is_told = used == size;
      out.Byte(
          static_cast<std::uint8_t>(is_told ? UnitCoding::kCounts : UnitCoding::kCountsOfSize));
      if (!is_told) {
        out.Zigzag(used.block_bytes);
        out.Double(used.scale);
      }
      WriteSteps(*counts, out);
      return;
    }
    out.Byte(static_cast<std::uint8_t>(UnitCoding::kColumns));
    WriteSteps(first, out);
    WriteSteps(bytes, out);
    return;
  }
  out.Byte(static_cast<std::uint8_t>(UnitCoding::kColumns));
  WriteSteps(first, out);
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
  if (!ReadSteps(in, first)) return false;
  const auto bytes = series.subspan(*unit.bytes_column * width, width);
  const std::int64_t bound = CountBound(size);
  std::int64_t count = 0;
  ObjectsAndBytes told{0, 0};
  for (std::size_t t = 0; t < width; ++t) {
    if (first[t] != count) {
      count = first[t];
      if (count > bound || count < -bound) return false;
      told = FromSampledCount(count, size);
    }
    first[t] = told.objects;
    bytes[t] = told.bytes;
  }
  return true;
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

void WriteResident(const std::vector<std::optional<std::int64_t>>& resident, ByteWriter& out) {
  const bool is_told = std::any_of(resident.begin(), resident.end(),
                                   [](const auto& bytes) { return bytes.has_value(); });
  out.Byte(is_told ? 1 : 0);
  if (!is_told) return;
  std::int64_t last = 0;
  for (const auto& bytes : resident) {
    out.Zigzag(WrappingDifference(bytes.value_or(kUntold), last));
    last = bytes.value_or(kUntold);
  }
}

bool ReadResident(ByteReader& in, std::size_t count,
                  std::vector<std::optional<std::int64_t>>& resident) {
  resident.resize(count);
  const std::uint8_t is_told = in.Byte();
  if (is_told != 1) return is_told == 0;
  std::int64_t last = 0;
  for (auto& bytes : resident) {
    last = WrappingSum(last, in.Zigzag());
    if (last != kUntold) bytes = last;
  }
  return true;
}

// Each distinct size, and the number of each series' in them.
struct SizesOfSeries {
  std::vector<BlockSize> sizes;
  std::vector<std::uint32_t> numbers;
};

SizesOfSeries FindSizes(const SegmentFrame& frame) {
  SizesOfSeries found;
  for (const SeriesKey& key : frame.series) {
    const BlockSize size =
        BlockSizeAt(key.block_bytes, frame.heads.front().profile->sampling_period_bytes);
    const auto known = std::find(found.sizes.begin(), found.sizes.end(), size);
    found.numbers.push_back(static_cast<std::uint32_t>(known - found.sizes.begin()));
    if (known == found.sizes.end()) found.sizes.push_back(size);
  }
  return found;
}

void WriteTimes(const std::vector<Time>& times, ByteWriter& out) {
  out.Varint(times.size());
  std::int64_t last = 0;
  std::int64_t last_step = 0;
  for (const Time time : times) {
    const std::int64_t step = WrappingDifference(ToUnixMillis(time), last);
    out.Zigzag(WrappingDifference(step, last_step));
    last = ToUnixMillis(time);
    last_step = step;
  }
}

std::string PackHeader(const SegmentFrame& frame, bool is_short, const SizesOfSeries& sizes,
                       const std::vector<std::uint32_t>& chunk_ends) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Byte(kFormat);
  out.Byte(is_short ? kIsShort : 0);
  WriteTimes(frame.times, out);
  WriteResident(frame.resident_bytes, out);
  out.Varint(frame.heads.size());
  for (const SegmentFrame::Head& head : frame.heads) {
    out.Varint(head.from);
    out.Text(EncodeHead(*head.profile));
  }
  out.Varint(sizes.sizes.size());
  for (const BlockSize& size : sizes.sizes) {
    out.Zigzag(size.block_bytes);
    out.Double(size.scale);
  }
  out.Varint(frame.series.size());
  for (const SeriesKey& key : frame.series) out.Hash(key.stack);
  for (const std::uint32_t size : sizes.numbers) out.Varint(size);
  out.Varint(chunk_ends.size());
  std::uint32_t begin = 0;
  for (const std::uint32_t end : chunk_ends) out.Varint(end - std::exchange(begin, end));
  return bytes;
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

bool ReadSeriesList(ByteReader& in, BlockHeader& header) {
  std::vector<BlockSize> sizes;
  const std::size_t size_count = in.Count(9);
  for (std::size_t i = 0; i < size_count; ++i) {
    const std::int64_t block_bytes = in.Zigzag();
    sizes.push_back({block_bytes, in.Double()});
  }
  const std::size_t count = in.Count(kHashBytes + 1);
  ByteReader stacks(in.Bytes(count * kHashBytes));
  header.frame.series.reserve(count);
  header.size_of_series.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ContentHash stack = stacks.Hash();
    const std::uint64_t size = in.Varint();
    if (size >= sizes.size()) return false;
    header.frame.series.push_back({stack, sizes[size].block_bytes});
    header.size_of_series.push_back(sizes[size]);
  }
  return true;
}

// Each chunk has a series at least, and all of them have all.
bool ReadChunkEnds(ByteReader& in, BlockHeader& header) {
  const std::size_t count = in.Count();
  header.chunk_ends.reserve(count);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = in.Varint();
    if (length == 0 || length > header.frame.series.size() - end) return false;
    end += length;
    header.chunk_ends.push_back(static_cast<std::uint32_t>(end));
  }
  return end == header.frame.series.size();
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

PackedBlock PackBlock(const Segment& segment, bool is_short) {
  const SegmentFrame& frame = segment.frame;
  const HeapProfile& head = *frame.heads.front().profile;
  const std::vector<ValueUnit> units = UnitsOf(head.sample_types);
  const SizesOfSeries sizes = FindSizes(frame);
  PackedBlock block;
  std::vector<std::uint32_t> chunk_ends;
  std::string lengths;
  std::string plain;
  for (std::size_t i = 0; i < frame.series.size(); ++i) {
    ByteWriter out(plain);
    const std::size_t begin = plain.size();
    for (const ValueUnit& unit : units) {
      PackUnit(unit, segment.values_of(i), frame.times.size(), sizes.sizes[sizes.numbers[i]],
               head.sampling_period_bytes, out);
    }
    ByteWriter(lengths).Varint(plain.size() - begin);
    if (plain.size() < kChunkBytes && i + 1 < frame.series.size()) continue;
    block.chunks.push_back(
        Compress(lengths + plain, is_short ? kShortCompressionLevel : kCompressionLevel));
    chunk_ends.push_back(static_cast<std::uint32_t>(i + 1));
    lengths.clear();
    plain.clear();
  }
  block.header = PackHeader(frame, is_short, sizes, chunk_ends);
  return block;
}

std::size_t BlockHeader::ChunkOf(std::size_t series) const {
  return static_cast<std::size_t>(std::upper_bound(chunk_ends.begin(), chunk_ends.end(), series) -
                                  chunk_ends.begin());
}

Result<BlockHeader> UnpackHeader(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.Byte();
  if (format != kFormat) {
    return Fail(ErrorCode::kCorrupt, "a block of format " + std::to_string(format) +
                                         ", which this version does not know");
  }
  BlockHeader header;
  const std::uint8_t flags = in.Byte();
  if (flags > kIsShort) return Corrupt("beginning");
  header.is_short = flags == kIsShort;
  if (!ReadTimes(in, header.frame.times)) return Corrupt("times");
  if (!ReadResident(in, header.frame.times.size(), header.frame.resident_bytes)) {
    return Corrupt("resident memory");
  }
  if (!ReadHeads(in, header.frame)) return Corrupt("heads");
  if (!ReadSeriesList(in, header)) return Corrupt("series");
  if (!ReadChunkEnds(in, header)) return Corrupt("chunks");
  if (!in.ok() || !in.done()) return Corrupt("header");
  header.units = UnitsOf(header.frame.heads.front().profile->sample_types);
  return header;
}

namespace {

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
  ByteReader in(*plain);
  std::vector<std::uint64_t> lengths;
  for (std::size_t series = begin; series < end; ++series) lengths.push_back(in.Varint());
  auto next = only != nullptr ? std::lower_bound(only->begin(), only->end(), begin)
                              : SeriesList::const_iterator();
  for (std::size_t series = begin; series < end; ++series) {
    ByteReader units(in.Bytes(lengths[series - begin]));
    if (only != nullptr) {
      if (next == only->end() || *next != series) continue;
      ++next;
    }
    for (const ValueUnit& unit : header.units) {
      if (!unpack(series, unit, units)) return Corrupt("values");
    }
    if (!units.done()) return Corrupt("values");
    use(series, values);
  }
  if (!in.ok() || !in.done()) return Corrupt("end");
  return {};
}

}  // namespace

Result<void> UnpackChunk(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         const UseSeries& use, const SeriesList* only) {
  const std::size_t width = header.frame.times.size();
  std::vector<std::int64_t> values(header.frame.column_count() * width);
  return ForEachSeriesOf(header, chunk, bytes, only, values, use,
                         [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
                           return UnpackUnit(unit, values, width, header.size_of_series[series],
                                             in);
                         });
}

Result<void> UnpackChunkAt(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                           std::size_t snapshot, const UseSeries& use) {
  std::vector<std::int64_t> values(header.frame.column_count());
  return ForEachSeriesOf(header, chunk, bytes, nullptr, values, use,
                         [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
                           return UnpackUnitAt(unit, values, header.frame.times.size(), snapshot,
                                               header.size_of_series[series], in);
                         });
}

}  // namespace heapwatch
