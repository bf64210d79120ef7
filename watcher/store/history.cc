#include "watcher/store/history.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

namespace heapwatch {
namespace {

Error At(const Error& error, TargetId target, Time first) {
  return error.In("target " + target.ToString() + ", the block of " + FormatRfc3339(first) + " (" +
                  ToHex(RowKey(target, first)) + ")");
}

Error AtRow(const Error& error, std::string_view key) {
  return error.In("target " + TargetOfKey(key).ToString() + ", the snapshot of " +
                  FormatRfc3339(TimeOfRowKey(key)) + " (row " + ToHex(key) + ")");
}

}  // namespace

BlockScan::BlockScan(RocksDb& db, const rocksdb::Snapshot* snapshot, TargetId target)
    : db_(db), target_(target), headers_(db, Family::kHeaders, target, snapshot) {}

Result<std::optional<StoredBlock>> BlockScan::Read() {
  if (!headers_->Valid()) {
    if (!headers_->status().ok()) return Fail(db_.ErrorOf(headers_->status(), "reading"));
    return std::nullopt;
  }
  StoredBlock block;
  block.target = target_;
  block.first = TimeOfRowKey(headers_->key().ToStringView());
  auto header = UnpackHeader(headers_->value().ToStringView());
  if (!header) return Fail(At(header.error(), target_, block.first));
  block.header = std::move(*header);
  if (block.header.frame.times.front() != block.first)
    return Fail(At({ErrorCode::kCorrupt, "a block of another moment"}, target_, block.first));
  return std::optional(std::move(block));
}

Result<std::optional<StoredBlock>> BlockScan::Seek(Time from) {
  auto block = SeekBefore(from);
  if (!block) return block;
  if (!*block) {
    headers_->Seek(RowKey(target_, from));
    return Read();
  }
  return (*block)->header.frame.times.back() < from ? Next() : std::move(block);
}

Result<std::optional<StoredBlock>> BlockScan::SeekBefore(Time at) {
  headers_->SeekForPrev(RowKey(target_, at));
  return Read();
}

Result<std::optional<StoredBlock>> BlockScan::Next() {
  headers_->Next();
  return Read();
}

namespace {

using UsePart = std::function<Result<void>(std::string_view bytes)>;

// `name`: of the part, for messages.
Result<void> ReadPart(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                      std::uint32_t part, std::string_view name, const UsePart& use) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice bytes;
  const auto status = db.db().Get(options, db.family(Family::kBlocks),
                                  BlockKey(block.target, block.first, part), &bytes);
  if (status.IsNotFound()) {
    return Fail(At({ErrorCode::kCorrupt, "its " + std::string(name) + " is missing"}, block.target,
                   block.first));
  }
  if (!status.ok()) return Fail(At(db.ErrorOf(status, "reading"), block.target, block.first));
  if (auto used = use(bytes.ToStringView()); !used) {
    return Fail(At(used.error(), block.target, block.first));
  }
  return {};
}

using UnpackOne = std::function<Result<void>(std::size_t chunk, std::string_view bytes)>;

// Those that hold one of the series in `only`, or all.
Result<void> ForEachChunk(RocksDb& db, const rocksdb::Snapshot* snapshot, const StoredBlock& block,
                          const UnpackOne& unpack, const SeriesList* only = nullptr) {
  const std::size_t count = only != nullptr ? only->size() : block.header.chunk_count();
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t chunk = only != nullptr ? block.header.ChunkOf((*only)[i]) : i;
    if (chunk == last) continue;
    last = chunk;
    auto read = ReadPart(db, snapshot, block, PartOfChunk(chunk), "chunk " + std::to_string(chunk),
                         [&](std::string_view bytes) { return unpack(chunk, bytes); });
    if (!read) return read;
  }
  return {};
}

}  // namespace

Result<void> SeriesLists::ReadInto(StoredBlock& block) {
  auto& list = lists_[block.header.series_hash];
  if (!list) {
    auto read = ReadPart(db_, snapshot_, block, kSeriesPart, "list of series",
                         [&](std::string_view bytes) -> Result<void> {
                           auto unpacked = UnpackSeries(bytes, block.header.series_hash);
                           if (!unpacked) return Fail(unpacked.error());
                           list = std::move(*unpacked);
                           return {};
                         });
    if (!read) return read;
  }
  auto set = block.header.SetSeries(list);
  if (!set) return Fail(At(set.error(), block.target, block.first));
  return set;
}

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
    moment.Add(frame.series()[series], values);
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
  if (rows->Valid()) last = TimeOfRowKey(rows->key().ToStringView());
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
  for (rows->Seek(RowKey(target, start)); rows->Valid() && rows->key().ToStringView() <= last_key;
       rows->Next()) {
    const std::string_view key = rows->key().ToStringView();
    const std::string_view row = rows->value().ToStringView();
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
  const auto preamble = ReadPreamble(rows->value().ToStringView());
  if (!preamble) return Fail(AtRow(preamble.error(), key));
  RowMoment moment;
  moment.time = TimeOfRowKey(key);
  moment.chain_start = moment.time - preamble->since_chain_start;
  moment.is_aside = preamble->kind == RowKind::kAside;
  const auto read =
      moment.is_aside
          ? moment.chain.Apply(rows->value().ToStringView())
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

Result<std::unique_ptr<ColumnSource>> History::Columns(std::size_t part) const {
  if (!parts_[part].block) {
    auto columns = parts_[part].rows->Columns();
    if (!columns) return Fail(columns.error().In("target " + target_.ToString()));
    return columns;
  }
  auto columns = std::make_unique<BlockColumns>(parts_[part].block->header);
  const auto read =
      ForEachChunk(*db_, snapshot_, *parts_[part].block,
                   [&](std::size_t, std::string_view bytes) { return columns->Add(bytes); });
  if (!read) return Fail(read.error());
  return columns;
}

Error History::DamageIn(std::size_t part) const {
  return At({ErrorCode::kCorrupt, "a series whose values make no sense"}, target_,
            frame(part).times.front());
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
  SeriesLists lists(*db_, snapshot_);
  auto block = scan.Seek(from);
  for (; block && *block && (*block)->first <= to; block = scan.Next()) {
    if (auto read = lists.ReadInto(**block); !read) return read;
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
  for (rows->Seek(RowKey(target_, from)); rows->Valid() && rows->key().ToStringView() <= last_key;
       rows->Next()) {
    const std::string_view key = rows->key().ToStringView();
    const std::string_view row = rows->value().ToStringView();
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

// From one part to the other as their moments follow each other: mostly whole parts.
void History::FindPieces(Time from, Time to) {
  struct Rest {
    Time next;
    std::size_t part;
    std::size_t begin;
    std::size_t end;
    bool operator>(const Rest& other) const {
      return std::tie(next, part) > std::tie(other.next, other.part);
    }
  };
  std::priority_queue<Rest, std::vector<Rest>, std::greater<>> rests;
  const auto add = [&](std::size_t part, std::size_t begin, std::size_t end) {
    if (begin < end) rests.push({frame(part).times[begin], part, begin, end});
  };
  const auto index = [](auto at, const std::vector<Time>& times) {
    return static_cast<std::size_t>(at - times.begin());
  };
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const std::vector<Time>& times = frame(part).times;
    add(part, index(std::lower_bound(times.begin(), times.end(), from), times),
        index(std::upper_bound(times.begin(), times.end(), to), times));
  }
  while (!rests.empty()) {
    const Rest rest = rests.top();
    rests.pop();
    std::size_t end = rest.end;
    if (!rests.empty()) {
      const std::vector<Time>& times = frame(rest.part).times;
      const auto first = times.begin() + static_cast<std::ptrdiff_t>(rest.begin);
      const auto last = times.begin() + static_cast<std::ptrdiff_t>(rest.end);
      end = std::max(rest.begin + 1, index(std::lower_bound(first, last, rests.top().next), times));
    }
    pieces_.push_back({rest.part, rest.begin, end});
    add(rest.part, end, rest.end);
  }
}

}  // namespace heapwatch
