#include "analysis/series/block_packer.h"

#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "analysis/series/block_format.h"
#include "analysis/series/byte_io.h"
#include "analysis/series/profile_head.h"
#include "analysis/series/step_coding.h"

namespace heapwatch {
namespace {

// A chunk ends with the series that makes it so long. Larger ones take a little less on disk,
// smaller ones are quicker to read one series of.
constexpr std::size_t kChunkBytes = 4U << 10;
// A level more takes twice the time and saves one byte in a hundred.
constexpr int kCompressionLevel = 3;
// Short blocks are soon written anew.
constexpr int kShortCompressionLevel = 1;

// A context of zstd's for each thread, as it takes long to make.
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
ZSTD_CCtx* CompressionContext() {
  static thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
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

void PackUnit(const ValueUnit& unit, const UnitColumns& columns, const BlockSize& size,
              std::optional<std::int64_t> period, ByteWriter& out) {
  const auto write_counts = [&](std::span<const std::int64_t> counts, const BlockSize& used) {
    const bool is_told = used == size;
    out.Byte(static_cast<std::uint8_t>(is_told ? UnitCoding::kCounts : UnitCoding::kCountsOfSize));
    if (!is_told) {
      out.Zigzag(used.block_bytes);
      out.Double(used.scale);
    }
    WriteSteps(counts, out);
  };
  if (columns.counted) return write_counts(columns.first, *columns.counted);
  if (unit.bytes_column) {
    const BlockSize used =
        size.block_bytes > 0 ? size : GuessSize(columns.first, columns.bytes, period);
    const auto counts = CountsOf(columns.first, columns.bytes, used);
    if (counts) return write_counts(*counts, used);
  }
  out.Byte(static_cast<std::uint8_t>(UnitCoding::kColumns));
  WriteSteps(columns.first, out);
  if (unit.bytes_column) WriteSteps(columns.bytes, out);
}

void WriteResident(const std::vector<std::optional<std::int64_t>>& resident, ByteWriter& out) {
  const bool is_told = std::any_of(resident.begin(), resident.end(),
                                   [](const auto& bytes) { return bytes.has_value(); });
  out.Byte(is_told ? 1 : 0);
  if (!is_told) return;
  std::int64_t last = 0;
  for (const auto& bytes : resident) {
    out.Zigzag(WrappingDifference(bytes.value_or(kUntoldResident), last));
    last = bytes.value_or(kUntoldResident);
  }
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

std::string PackSeries(const std::vector<BlockSize>& sizes, const std::vector<ContentHash>& stacks,
                       const std::vector<std::uint32_t>& size_of_stack) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Varint(sizes.size());
  for (const BlockSize& size : sizes) {
    out.Zigzag(size.block_bytes);
    out.Double(size.scale);
  }
  out.Varint(stacks.size());
  for (const ContentHash& stack : stacks) out.Hash(stack);
  for (const std::uint32_t size : size_of_stack) out.Varint(size);
  return bytes;
}

std::string PackHeader(const SegmentFrame& frame, bool is_short, const ContentHash& series,
                       const std::vector<std::uint32_t>& chunk_ends) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Byte(kBlockFormat);
  out.Byte(is_short ? kIsShortBlock : 0);
  WriteTimes(frame.times, out);
  WriteResident(frame.resident_bytes, out);
  out.Varint(frame.heads.size());
  for (const SegmentFrame::Head& head : frame.heads) {
    out.Varint(head.from);
    out.Text(EncodeHead(*head.profile));
  }
  out.Hash(series);
  out.Varint(chunk_ends.size());
  std::uint32_t begin = 0;
  for (const std::uint32_t end : chunk_ends) out.Varint(end - std::exchange(begin, end));
  return bytes;
}

}  // namespace

BlockPacker::BlockPacker(const SegmentFrame& frame, bool is_short)
    : frame_(frame),
      is_short_(is_short),
      units_(UnitsOf(frame.heads.front().profile->sample_types)) {}

std::uint32_t BlockPacker::SizeNumber(const BlockSize& size) {
  const auto [known, is_new] =
      number_of_size_.try_emplace(size.block_bytes, static_cast<std::uint32_t>(sizes_.size()));
  if (is_new) sizes_.push_back(size);
  return known->second;
}

void BlockPacker::Add(const SeriesKey& key, const SeriesColumns& columns) {
  const auto period = frame_.heads.front().profile->sampling_period_bytes;
  const BlockSize size = BlockSizeAt(key.block_bytes, period);
  stacks_.push_back(key.stack);
  size_of_stack_.push_back(SizeNumber(size));
  const std::size_t begin = plain_.size();
  ByteWriter out(plain_);
  for (std::size_t u = 0; u < units_.size(); ++u) {
    PackUnit(units_[u], columns[u], size, period, out);
  }
  ByteWriter(lengths_).Varint(plain_.size() - begin);
  if (plain_.size() >= kChunkBytes) EndChunk();
}

void BlockPacker::EndChunk() {
  block_.chunks.push_back(
      Compress(lengths_ + plain_, is_short_ ? kShortCompressionLevel : kCompressionLevel));
  chunk_ends_.push_back(static_cast<std::uint32_t>(stacks_.size()));
  lengths_.clear();
  plain_.clear();
}

PackedBlock BlockPacker::Finish() && {
  if (!lengths_.empty()) EndChunk();
  block_.series = PackSeries(sizes_, stacks_, size_of_stack_);
  block_.header = PackHeader(frame_, is_short_, HashOfSeriesList(block_.series), chunk_ends_);
  return std::move(block_);
}

}  // namespace heapwatch
