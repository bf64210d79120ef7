#include "watcher/store/history.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "watcher/store/row_scan.h"

namespace heapwatch {
namespace {

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Error At(const Error& error, TargetId target, Time first) {
  return error.In("target " + target.ToString() + ", the block of " + FormatRfc3339(first) + " (" +
                  ToHex(BlockKey(target, first, 0)) + ")");
}

}  // namespace

BlockScan::BlockScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target)
    : db_(db), target_(target) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  blocks_.reset(db.db().NewIterator(options, db.family(Family::kBlocks)));
}

Result<std::optional<StoredBlock>> BlockScan::Read() {
  if (!blocks_->Valid()) {
    if (!blocks_->status().ok()) return Fail(db_.ErrorOf(blocks_->status(), "reading"));
    return std::nullopt;
  }
  const std::string_view key = ToView(blocks_->key());
  if (!key.starts_with(TargetPrefix(target_))) return std::nullopt;
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
  if (blocks_->Valid() && ToView(blocks_->key()).starts_with(TargetPrefix(target_))) {
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
  const std::unique_ptr<rocksdb::Iterator> rows(
      db.db().NewIterator(rocksdb::ReadOptions(), db.family(Family::kRows)));
  rows->SeekForPrev(RowKey(target, at));
  if (!rows->status().ok()) return Fail(db.ErrorOf(rows->status(), "reading"));
  if (rows->Valid() && ToView(rows->key()).starts_with(TargetPrefix(target))) {
    last = TimeOfRowKey(ToView(rows->key()));
  }
  const auto block = BlockScan(db, nullptr, target).SeekBefore(at);
  if (!block) return Fail(block.error());
  if (*block && (*block)->first <= at) {
    const std::vector<Time>& times = (*block)->header.frame.times;
    const Time in_block = *std::prev(std::upper_bound(times.begin(), times.end(), at));
    last = std::max(last.value_or(in_block), in_block);
  }
  return last;
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
  parts_[part].rows->ForEachSeries(use, only);
  return {};
}

Result<History> History::Read(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target,
                              Time from, Time to) {
  History history(db, snapshot);
  if (from > to) return history;
  if (auto read = history.ReadBlocks(target, from, to); !read) return Fail(read.error());
  if (auto read = history.ReadRows(target, from, to); !read) return Fail(read.error());
  history.FindPieces(from, to);
  return history;
}

Result<void> History::ReadBlocks(TargetId target, Time from, Time to) {
  BlockScan scan(*db_, snapshot_, target);
  auto block = scan.Seek(from);
  for (; block && *block && (*block)->first <= to; block = scan.Next()) {
    parts_.push_back({std::make_unique<StoredBlock>(std::move(**block)), nullptr});
  }
  if (!block) return Fail(block.error());
  return {};
}

Result<void> History::ReadRows(TargetId target, Time from, Time to) {
  RowScan scan(*db_, snapshot_, target, to);
  std::optional<SegmentBuilder> chain;
  Time chain_start{};
  const auto finish = [&] {
    if (chain) {
      parts_.push_back({nullptr, std::make_unique<SegmentChanges>(std::move(*chain).Finish())});
    }
    chain.reset();
  };
  auto at = scan.Seek(from);
  for (; at && *at; at = scan.Next()) {
    if (scan.is_aside()) {
      SegmentBuilder alone;
      alone.Add(scan.time(), scan.chain());
      parts_.push_back({nullptr, std::make_unique<SegmentChanges>(std::move(alone).Finish())});
      continue;
    }
    if (chain && scan.chain_start() != chain_start) finish();
    if (!chain) chain.emplace();
    chain_start = scan.chain_start();
    chain->Add(scan.time(), scan.chain());
  }
  finish();
  if (!at) return Fail(at.error());
  return {};
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
