#include "watcher/store/history.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace heapwatch {
namespace {

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Error At(const Error& error, TargetId target, Time first) {
  return error.In("target " + target.ToString() + ", the block of " + FormatRfc3339(first) + " (" +
                  ToHex(BlockKey(target, first, 0)) + ")");
}

Error AtRow(const Error& error, std::string_view key) {
  return error.In("target " + TargetOfKey(key).ToString() + ", the snapshot of " +
                  FormatRfc3339(TimeOfRowKey(key)) + " (row " + ToHex(key) + ")");
}

}  // namespace

BlockScan::BlockScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target)
    : db_(db), target_(target), blocks_(db, Family::kBlocks, target, snapshot) {}

Result<std::optional<StoredBlock>> BlockScan::Read() {
  if (!blocks_->Valid()) {
    if (!blocks_->status().ok()) return Fail(db_.ErrorOf(blocks_->status(), "reading"));
    return std::nullopt;
  }
  const std::string_view key = ToView(blocks_->key());
  StoredBlock block;
  block.target = target_;
  block.first = TimeOfRowKey(key);
  if (key != BlockKey(target_, block.first, 0)) {
    return Fail(At({ErrorCode::kCorrupt, "its header is missing"}, target_, block.first));
  }
  auto header = UnpackHeader(ToView(blocks_->value()));
  if (!header) return Fail(At(header.error(), target_, block.first));
  block.header = std::move(*header);
  return std::optional(std::move(block));
}

Result<std::optional<StoredBlock>> BlockScan::Seek(Time from) {
  auto block = SeekBefore(from);
  if (!block) return block;
  if (!*block) {
    blocks_->Seek(BlockKey(target_, from, 0));
    return Read();
  }
  return (*block)->header.frame.times.back() < from ? Next() : std::move(block);
}

Result<std::optional<StoredBlock>> BlockScan::SeekBefore(Time at) {
  blocks_->SeekForPrev(BlockKey(target_, at, kLastPart));
  if (blocks_->Valid()) {
    blocks_->Seek(BlockKey(target_, TimeOfRowKey(ToView(blocks_->key())), 0));
  }
  return Read();
}

Result<std::optional<StoredBlock>> BlockScan::Next() {
  const Time first = TimeOfRowKey(ToView(blocks_->key()));
  blocks_->Seek(BlockKey(target_, first, kLastPart));
  return Read();
}

namespace {

using UnpackOne = std::function<Result<void>(std::size_t chunk, std::string_view bytes)>;

Result<void> ReadChunk(RocksDb& db, const rocksdb::ReadOptions& options, const StoredBlock& block,
                       std::size_t chunk, const UnpackOne& unpack) {
  rocksdb::PinnableSlice bytes;
  const auto status = db.db().Get(
      options, db.family(Family::kBlocks),
      BlockKey(block.target, block.first, static_cast<std::uint32_t>(chunk + 1)), &bytes);
  if (status.IsNotFound()) {
    return Fail(At({ErrorCode::kCorrupt, "chunk " + std::to_string(chunk) + " is missing"},
                   block.target, block.first));
  }
  if (!status.ok()) return Fail(At(db.ErrorOf(status, "reading"), block.target, block.first));
  if (auto read = unpack(chunk, ToView(bytes)); !read) {
    return Fail(At(read.error(), block.target, block.first));
  }
  return {};
}

// Those that hold one of the series in `only`, or all.
Result<void> ForEachChunk(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                          const UnpackOne& unpack, const SeriesList* only = nullptr) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const std::size_t count = only != nullptr ? only->size() : block.header.chunk_count();
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t chunk = only != nullptr ? block.header.ChunkOf((*only)[i]) : i;
    if (chunk == last) continue;
    last = chunk;
    if (auto read = ReadChunk(db, options, block, chunk, unpack); !read) return read;
  }
  return {};
}

}  // namespace

Result<void> ReadBlock(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                       const UseSeries& use, const SeriesList* only) {
  return ForEachChunk(
      db, snapshot, block,
      [&](std::size_t chunk, std::string_view bytes) {
        return UnpackChunk(block.header, chunk, bytes, use, only);
      },
      only);
}

Result<Moment> ReadMoment(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                          std::size_t index) {
  const SegmentFrame& frame = block.header.frame;
  Moment moment;
  moment.time = frame.times[index];
  moment.resident_bytes = frame.resident_bytes[index];
  moment.head = std::make_shared<const HeapProfile>(frame.head_at(index));
  const UseSeries add = [&](std::size_t series, std::span<const std::int64_t> values) {
    moment.Add(frame.series[series], values);
  };
  const auto read =
      ForEachChunk(db, snapshot, block, [&](std::size_t chunk, std::string_view bytes) {
        return UnpackChunkAt(block.header, chunk, bytes, index, add);
      });
  if (!read) return Fail(read.error());
  return moment;
}

Result<std::optional<Time>> LastMoment(RocksDb& db, TargetId target, Time at) {
  std::optional<Time> last;
  const TargetEntries rows(db, Family::kRows, target);
  rows->SeekForPrev(RowKey(target, at));
  if (!rows->status().ok()) return Fail(db.ErrorOf(rows->status(), "reading"));
  if (rows->Valid()) last = TimeOfRowKey(ToView(rows->key()));
  const auto block = BlockScan(db, nullptr, target).SeekBefore(at);
  if (!block) return Fail(block.error());
  if (*block && (*block)->first <= at) {
    const std::vector<Time>& times = (*block)->header.frame.times;
    const Time in_block = *std::prev(std::upper_bound(times.begin(), times.end(), at));
    last = std::max(last.value_or(in_block), in_block);
  }
  return last;
}

namespace {

using UseRow = std::function<Result<void>(Time time, std::string_view row)>;

// The rows of the chain that begins at `start`, those at `last` and before.
Result<void> ForEachRowOfChain(const RocksDb& db, const TargetEntries& rows, TargetId target,
                               Time start, Time last, const UseRow& use) {
  const std::string last_key = RowKey(target, last);
  for (rows->Seek(RowKey(target, start)); rows->Valid() && ToView(rows->key()) <= last_key;
       rows->Next()) {
    const std::string_view key = ToView(rows->key());
    const std::string_view row = ToView(rows->value());
    const auto kind = KindOf(row);
    if (kind && *kind == RowKind::kAside) continue;
    const auto used = kind ? use(TimeOfRowKey(key), row) : Fail(kind.error());
    if (!used) return Fail(AtRow(used.error(), key));
  }
  return rows->status().ok() ? Result<void>() : Fail(db.ErrorOf(rows->status(), "reading"));
}

}  // namespace

Result<std::optional<RowMoment>> ReadLastRow(RocksDb& db, const rocksdb::Snapshot* snapshot,
                                             TargetId target, Time at, Time rows_from) {
  const TargetEntries rows(db, Family::kRows, target, snapshot, rows_from);
  rows->SeekForPrev(RowKey(target, at));
  if (!rows->status().ok()) return Fail(db.ErrorOf(rows->status(), "reading"));
  if (!rows->Valid()) return std::nullopt;
  const std::string key = rows->key().ToString();
  const auto preamble = ReadPreamble(ToView(rows->value()));
  if (!preamble) return Fail(AtRow(preamble.error(), key));
  RowMoment moment;
  moment.time = TimeOfRowKey(key);
  moment.chain_start = moment.time - preamble->since_chain_start;
  moment.is_aside = preamble->kind == RowKind::kAside;
  const auto read =
      moment.is_aside
          ? moment.chain.Apply(ToView(rows->value()))
          : ForEachRowOfChain(db, rows, target, moment.chain_start, moment.time,
                              [&](Time, std::string_view row) { return moment.chain.Apply(row); });
  if (!read) return Fail(read.error());
  return moment;
}

std::size_t History::snapshot_count() const {
  std::size_t count = 0;
  for (const Piece& piece : pieces_) count += piece.end - piece.begin;
  return count;
}

const SegmentFrame& History::frame(std::size_t part) const {
  return parts_[part].block ? parts_[part].block->header.frame : parts_[part].rows->frame();
}

Result<void> History::ForEachSeries(std::size_t part, const UseSeries& use,
                                    const SeriesList* only) const {
  if (parts_[part].block) return ReadBlock(*db_, snapshot_, *parts_[part].block, use, only);
  auto read = parts_[part].rows->ForEachSeries(use, only);
  if (!read) return Fail(read.error().In("target " + target_.ToString()));
  return read;
}

Result<History> History::Read(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target,
                              Time from, Time to, Time rows_from) {
  History history(db, snapshot, target);
  if (from > to) return history;
  if (auto read = history.ReadBlocks(from, to); !read) return Fail(read.error());
  if (auto read = history.ReadRows(from, to, rows_from); !read) return Fail(read.error());
  history.FindPieces(from, to);
  return history;
}

Result<void> History::ReadBlocks(Time from, Time to) {
  BlockScan scan(*db_, snapshot_, target_);
  auto block = scan.Seek(from);
  for (; block && *block && (*block)->first <= to; block = scan.Next()) {
    parts_.push_back({std::make_unique<StoredBlock>(std::move(**block)), nullptr});
  }
  if (!block) return Fail(block.error());
  return {};
}

Result<void> History::ReadRows(Time from, Time to, Time rows_from) {
  const TargetEntries rows(*db_, Family::kRows, target_, snapshot_, rows_from);
  const auto begin_part = [&] {
    parts_.push_back({nullptr, std::make_unique<ChainSegment>()});
    return parts_.back().rows.get();
  };
  ChainSegment* chain = nullptr;
  Time chain_start{};
  const std::string last_key = RowKey(target_, to);
  for (rows->Seek(RowKey(target_, from)); rows->Valid() && ToView(rows->key()) <= last_key;
       rows->Next()) {
    const std::string_view key = ToView(rows->key());
    const std::string_view row = ToView(rows->value());
    const Time time = TimeOfRowKey(key);
    const auto preamble = ReadPreamble(row);
    if (!preamble) return Fail(AtRow(preamble.error(), key));
    ChainSegment* part = chain;
    if (preamble->kind == RowKind::kAside) {
      part = begin_part();
    } else if (const Time start = time - preamble->since_chain_start;
               chain == nullptr || start != chain_start) {
      part = chain = begin_part();
      chain_start = start;
      // Of a chain that begins before `from`.
      if (start < time) {
        const TargetEntries before(*db_, Family::kRows, target_, snapshot_, rows_from);
        const auto read = ForEachRowOfChain(
            *db_, before, target_, start, time - Duration(1),
            [&](Time at, std::string_view its_row) { return chain->Add(at, its_row); });
        if (!read) return read;
      }
    }
    if (auto added = part->Add(time, row); !added) return Fail(AtRow(added.error(), key));
  }
  return rows->status().ok() ? Result<void>() : Fail(db_->ErrorOf(rows->status(), "reading"));
}

void History::FindPieces(Time from, Time to) {
  std::vector<std::tuple<Time, std::size_t, std::size_t>> snapshots;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const std::vector<Time>& times = frame(part).times;
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (times[i] >= from && times[i] <= to) snapshots.emplace_back(times[i], part, i);
    }
  }
  std::sort(snapshots.begin(), snapshots.end());
  for (const auto& [time, part, index] : snapshots) {
    if (!pieces_.empty() && pieces_.back().part == part && pieces_.back().end == index) {
      ++pieces_.back().end;
    } else {
      pieces_.push_back({part, index, index + 1});
    }
  }
}

}  // namespace heapwatch
