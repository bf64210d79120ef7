#include "watcher/store/history_units.h"

#include <algorithm>
#include <map>

#include "analysis/series/block_codec.h"
#include "analysis/series/row_codec.h"
#include "watcher/store/target_entries.h"

namespace heapwatch {
namespace {

// Read, a row takes some sixteen times its bytes in memory.
constexpr std::size_t kMostRowBytes = 4U << 20;

// A block whose header cannot be read is a unit still: it must be able to go.
Result<void> AddBlocks(RocksDb& db, TargetId target, Time from, Time end,
                       std::vector<HistoryUnit>& units) {
  const TargetEntries headers(db, Family::kHeaders, target, nullptr, from);
  const TargetEntries parts(db, Family::kBlocks, target, nullptr, from);
  for (headers->SeekToFirst(); headers->Valid(); headers->Next()) {
    const std::string key = headers->key().ToString();
    const Time first = TimeOfRowKey(key);
    if (first >= end) break;
    HistoryUnit unit;
    unit.first = unit.last = first;
    unit.keys.emplace_back(Family::kHeaders, key);
    if (const auto header = UnpackHeader(headers->value().ToStringView())) {
      unit.last = header->frame.times.back();
      unit.snapshots = header->frame.times.size();
      unit.is_short_block = header->is_short;
      unit.columns = header->frame.column_count() * header->series_count();
    }
    for (parts->Seek(key); parts->Valid() && parts->key().starts_with(key); parts->Next()) {
      unit.keys.emplace_back(Family::kBlocks, parts->key().ToString());
    }
    units.push_back(std::move(unit));
  }
  for (const auto* const entries : {&headers, &parts}) {
    const auto status = (*entries)->status();
    if (!status.ok()) return Fail(db.ErrorOf(status, "reading"));
  }
  return {};
}

// To the end of the last chain that begins before `end`.
Result<void> AddRows(RocksDb& db, TargetId target, Time from, Time end, Time rows_from,
                     std::vector<HistoryUnit>& units) {
  std::map<Time, HistoryUnit> chains;
  const TargetEntries rows(db, Family::kRows, target, nullptr, rows_from);
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const std::string key = rows->key().ToString();
    const Time time = TimeOfRowKey(key);
    const auto preamble = ReadPreamble(rows->value().ToStringView());
    // A row that cannot be read stands alone, too: it must be able to go.
    const std::size_t bytes = rows->value().size();
    if (!preamble || preamble->kind == RowKind::kAside) {
      if (time >= from && time < end) {
        HistoryUnit& unit = units.emplace_back();
        unit.first = unit.last = time;
        unit.snapshots = 1;
        unit.row_bytes = bytes;
        unit.keys.emplace_back(Family::kRows, key);
      }
      continue;
    }
    const Time start = time - preamble->since_chain_start;
    if (start >= end) break;
    if (start < from) continue;
    HistoryUnit& chain = chains[start];
    if (chain.keys.empty()) chain.first = time;
    chain.last = time;
    ++chain.snapshots;
    chain.row_bytes += bytes;
    chain.keys.emplace_back(Family::kRows, key);
  }
  if (!rows->status().ok()) return Fail(db.ErrorOf(rows->status(), "reading"));
  for (auto& [start, chain] : chains) units.push_back(std::move(chain));
  return {};
}

}  // namespace

Result<std::vector<HistoryUnit>> UnitsBetween(RocksDb& db, TargetId target, Time from, Time end,
                                              Time rows_from) {
  std::vector<HistoryUnit> units;
  if (auto added = AddBlocks(db, target, from, end, units); !added) return Fail(added.error());
  if (auto added = AddRows(db, target, from, end, rows_from, units); !added)
    return Fail(added.error());
  std::stable_sort(units.begin(), units.end(),
                   [](const HistoryUnit& a, const HistoryUnit& b) { return a.first < b.first; });
  return units;
}

std::vector<TimeSpan> SpansToRead(const std::vector<HistoryUnit>& units) {
  std::vector<TimeSpan> spans;
  std::size_t row_bytes = 0;
  for (const HistoryUnit& unit : units) {
    row_bytes += unit.row_bytes;
    const bool is_full = row_bytes > kMostRowBytes;
    if (spans.empty() || (is_full && unit.first > spans.back().first)) {
      const Time last = spans.empty() ? unit.last : spans.back().last;
      if (!spans.empty()) spans.back().last = unit.first - Duration(1);
      spans.push_back({unit.first, last});
      row_bytes = unit.row_bytes;
    }
    spans.back().last = std::max(spans.back().last, unit.last);
  }
  return spans;
}

void DeleteUnit(RocksDb& db, const HistoryUnit& unit, Batch& batch) {
  for (const auto& [family, key] : unit.keys) batch.Delete(db.family(family), key);
}

}  // namespace heapwatch
