#include "analysis/series/block_codec.h"

#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "analysis/series/byte_io.h"
#include "analysis/series/profile_head.h"
#include "analysis/series/step_coding.h"

namespace heapwatch {
namespace {

constexpr std::uint8_t kFormat = 2;
// A level more takes twice the time and saves one byte in a hundred.
constexpr int kCompressionLevel = 3;
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

std::string Compress(std::string_view bytes) {
  std::string out;
  ByteWriter(out).Varint(bytes.size());
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress(out.data() + begin, out.size() - begin, bytes.data(),
                                         bytes.size(), kCompressionLevel);
  out.resize(begin + size);
  return out;
}

std::optional<std::string> Decompress(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t size = in.Varint();
  if (!in.ok() || size > kMaxChunkBytes) return std::nullopt;
  std::string out(size, '\0');
  const std::string_view packed = in.Bytes(in.left());
  if (ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()) != size) {
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

std::string PackHeader(const SegmentFrame& frame, const std::vector<BlockSize>& sizes,
                       const std::vector<std::uint32_t>& size_of_series) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Byte(kFormat);
  out.Varint(frame.times.size());
  std::int64_t last = 0;
  std::int64_t last_step = 0;
  for (const Time time : frame.times) {
    const std::int64_t step = WrappingDifference(ToUnixMillis(time), last);
    out.Zigzag(WrappingDifference(step, last_step));
    last = ToUnixMillis(time);
    last_step = step;
  }
  WriteResident(frame.resident_bytes, out);
  out.Varint(frame.heads.size());
  for (const SegmentFrame::Head& head : frame.heads) {
    out.Varint(head.from);
    out.Text(EncodeHead(*head.profile));
  }
  out.Varint(sizes.size());
  for (const BlockSize& size : sizes) {
    out.Zigzag(size.block_bytes);
    out.Double(size.scale);
  }
  out.Varint(frame.series.size());
  for (std::size_t i = 0; i < frame.series.size(); ++i) {
    out.Hash(frame.series[i].stack);
    out.Varint(size_of_series[i]);
  }
  return bytes;
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

PackedBlock PackBlock(const Segment& segment) {
  const SegmentFrame& frame = segment.frame;
  const HeapProfile& head = *frame.heads.front().profile;
  const std::vector<ValueUnit> units = UnitsOf(head.sample_types);
  std::vector<BlockSize> sizes;
  std::vector<std::uint32_t> size_of_series;
  for (const SeriesKey& key : frame.series) {
    const BlockSize size = BlockSizeAt(key.block_bytes, head.sampling_period_bytes);
    const auto known = std::find(sizes.begin(), sizes.end(), size);
    size_of_series.push_back(static_cast<std::uint32_t>(known - sizes.begin()));
    if (known == sizes.end()) sizes.push_back(size);
  }
  PackedBlock block;
  block.header = PackHeader(frame, sizes, size_of_series);
  std::string plain;
  for (std::size_t i = 0; i < frame.series.size(); ++i) {
    ByteWriter out(plain);
    for (const ValueUnit& unit : units) {
      PackUnit(unit, segment.values_of(i), frame.times.size(), sizes[size_of_series[i]],
               head.sampling_period_bytes, out);
    }
    if ((i + 1) % kSeriesPerChunk == 0 || i + 1 == frame.series.size()) {
      block.chunks.push_back(Compress(plain));
      plain.clear();
    }
  }
  return block;
}

Result<BlockHeader> UnpackHeader(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.Byte();
  if (format != kFormat) {
    return Fail(ErrorCode::kCorrupt, "a block of format " + std::to_string(format) +
                                         ", which this version does not know");
  }
  BlockHeader header;
  SegmentFrame& frame = header.frame;
  const std::size_t time_count = in.Count();
  std::int64_t last = 0;
  std::int64_t step = 0;
  for (std::size_t i = 0; i < time_count; ++i) {
    step = WrappingSum(step, in.Zigzag());
    last = WrappingSum(last, step);
    if (i > 0 && FromUnixMillis(last) <= frame.times.back()) return Corrupt("times");
    frame.times.push_back(FromUnixMillis(last));
  }
  if (!ReadResident(in, time_count, frame.resident_bytes)) return Corrupt("resident memory");
  if (frame.times.empty() || !ReadHeads(in, frame)) return Corrupt("heads");
  std::vector<BlockSize> sizes;
  const std::size_t size_count = in.Count(9);
  for (std::size_t i = 0; i < size_count; ++i) {
    const std::int64_t block_bytes = in.Zigzag();
    sizes.push_back({block_bytes, in.Double()});
  }
  const std::size_t series_count = in.Count(17);
  frame.series.reserve(series_count);
  header.size_of_series.reserve(series_count);
  for (std::size_t i = 0; i < series_count; ++i) {
    const ContentHash stack = in.Hash();
    const std::uint64_t size = in.Varint();
    if (size >= sizes.size()) return Corrupt("series");
    frame.series.push_back({stack, sizes[size].block_bytes});
    header.size_of_series.push_back(sizes[size]);
  }
  if (!in.ok() || !in.done()) return Corrupt("header");
  header.units = UnitsOf(frame.heads.front().profile->sample_types);
  return header;
}

namespace {

// Calls `unpack` for each unit of each series of the chunk; `values` is where it puts them.
template <class UnpackOne>
Result<void> ForEachUnit(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         std::span<const std::int64_t> values, const UseSeries& use,
                         const UnpackOne& unpack) {
  const auto plain = Decompress(bytes);
  if (!plain) return Corrupt("compression");
  ByteReader in(*plain);
  const std::size_t begin = chunk * kSeriesPerChunk;
  const std::size_t end = std::min(begin + kSeriesPerChunk, header.frame.series.size());
  for (std::size_t series = begin; series < end; ++series) {
    for (const ValueUnit& unit : header.units) {
      if (!unpack(series, unit, in)) return Corrupt("values");
    }
    use(series, values);
  }
  if (!in.done()) return Corrupt("end");
  return {};
}

}  // namespace

Result<void> UnpackChunk(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                         const UseSeries& use, const SeriesMask* only) {
  const std::size_t width = header.frame.times.size();
  std::vector<std::int64_t> values(header.frame.column_count() * width);
  const auto is_meant = [&](std::size_t series) { return only == nullptr || (*only)[series]; };
  return ForEachUnit(
      header, chunk, bytes, values,
      [&](std::size_t series, std::span<const std::int64_t> all) {
        if (is_meant(series)) use(series, all);
      },
      [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
        const BlockSize& size = header.size_of_series[series];
        if (is_meant(series)) return UnpackUnit(unit, values, width, size, in);
        return UnpackUnitAt(unit, values, width, 0, size, in);
      });
}

Result<void> UnpackChunkAt(const BlockHeader& header, std::size_t chunk, std::string_view bytes,
                           std::size_t snapshot, const UseSeries& use) {
  std::vector<std::int64_t> values(header.frame.column_count());
  return ForEachUnit(header, chunk, bytes, values, use,
                     [&](std::size_t series, const ValueUnit& unit, ByteReader& in) {
                       return UnpackUnitAt(unit, values, header.frame.times.size(), snapshot,
                                           header.size_of_series[series], in);
                     });
}

}  // namespace heapwatch
