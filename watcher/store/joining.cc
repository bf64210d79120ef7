#include "watcher/store/joining.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "analysis/series/block_packer.h"
#include "analysis/series/profile_head.h"
#include "analysis/series/series_index.h"

namespace heapwatch {
namespace {

// Snapshots of one part that come one after the other, and where they go.
struct Run {
  std::size_t part;
  std::size_t begin;
  std::size_t end;
  std::size_t column;
};

// Series by series, in whatever form its parts tell it.
class Joiner {
 public:
  // All of the same sample types and sampling period.
  Joiner(const History& history, const std::vector<Run>& runs) : history_(history) {
    for (const Run& run : runs) {
      AddFrame(run);
      AddPart(run);
    }
  }

  Result<JoinedBlock> Join(bool is_short) {
    for (Part& part : parts_) {
      auto columns = history_.Columns(part.number);
      if (!columns) return Fail(columns.error());
      part.columns = std::move(*columns);
    }
    BlockPacker packer(frame_, is_short);
    SeriesColumns joined;
    for (std::size_t n = 0; n < numbers_.series().size(); ++n) {
      if (auto read = Read(n, joined); !read) return Fail(read.error());
      // What is zero in all that is kept needs no place.
      const bool has_any = std::any_of(joined.begin(), joined.end(),
                                       [](const UnitColumns& unit) { return unit.has_any(); });
      if (has_any) packer.Add(numbers_.series()[n], joined);
    }
    return JoinedBlock{frame_.times.front(), std::move(packer).Finish()};
  }

 private:
  struct Part {
    std::size_t number;
    std::vector<Run> runs;
    std::unique_ptr<ColumnSource> columns;
    std::vector<std::uint32_t> series;  // by the number in numbers_; kNone where it has none
    SeriesColumns read;
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void AddFrame(const Run& run) {
    const SegmentFrame& from = history_.frame(run.part);
    for (std::size_t i = run.begin; i < run.end; ++i) {
      const HeapProfile& head = from.head_at(i);
      if (&head != last_head_) {
        std::string bytes = EncodeHead(head);
        if (bytes != last_head_bytes_) {
          frame_.heads.push_back({frame_.times.size(), std::make_shared<const HeapProfile>(head)});
        }
        last_head_bytes_ = std::move(bytes);
        last_head_ = &head;
      }
      frame_.times.push_back(from.times[i]);
      frame_.resident_bytes.push_back(from.resident_bytes[i]);
    }
  }

  void AddPart(const Run& run) {
    const auto known = std::find_if(parts_.begin(), parts_.end(),
                                    [&](const Part& part) { return part.number == run.part; });
    if (known != parts_.end()) return known->runs.push_back(run);
    Part part{run.part, {run}, nullptr, {}, {}};
    const std::vector<SeriesKey>& series = history_.frame(run.part).series();
    numbers_.StartOver();
    for (std::uint32_t i = 0; i < series.size(); ++i) {
      const std::uint32_t number = numbers_.NumberOf(series[i]);
      if (number >= part.series.size()) part.series.resize(number + 1, kNone);
      part.series[number] = i;
    }
    parts_.push_back(std::move(part));
  }

  Result<void> Read(std::size_t number, SeriesColumns& joined) {
    std::vector<Part*> having;
    for (Part& part : parts_) {
      if (number >= part.series.size() || part.series[number] == kNone) continue;
      if (!part.columns->Read(part.series[number], part.read)) {
        return Fail(history_.DamageIn(part.number));
      }
      having.push_back(&part);
    }
    joined.resize(having.front()->read.size());
    for (std::size_t u = 0; u < joined.size(); ++u) JoinUnit(having, u, joined[u]);
    return {};
  }

  // By counts where all of the parts count, and the same.
  void JoinUnit(const std::vector<Part*>& having, std::size_t u, UnitColumns& joined) {
    const auto& counted = having.front()->read[u].counted;
    const bool is_same = std::all_of(having.begin(), having.end(), [&](const Part* part) {
      return part->read[u].counted == counted;
    });
    joined.counted = is_same ? counted : std::nullopt;
    joined.first.assign(frame_.times.size(), 0);
    joined.bytes.clear();
    for (Part* const part : having) {
      UnitColumns& unit = part->read[u];
      if (!is_same) unit.TellValues();
      if (!unit.bytes.empty()) joined.bytes.resize(frame_.times.size(), 0);
      for (const Run& run : part->runs) {
        const std::size_t count = run.end - run.begin;
        std::copy_n(&unit.first[run.begin], count, &joined.first[run.column]);
        if (!unit.bytes.empty()) {
          std::copy_n(&unit.bytes[run.begin], count, &joined.bytes[run.column]);
        }
      }
    }
  }

  const History& history_;
  SegmentFrame frame_;  // without series
  std::vector<Part> parts_;
  SeriesNumbers numbers_;
  const HeapProfile* last_head_ = nullptr;
  std::string last_head_bytes_;
};

bool CanBeOneBlock(const HeapProfile& a, const HeapProfile& b) {
  return a.sample_types == b.sample_types && a.sampling_period_bytes == b.sampling_period_bytes;
}

}  // namespace

Result<std::vector<JoinedBlock>> Join(const History& history, const std::vector<bool>& is_kept,
                                      bool is_short) {
  std::vector<JoinedBlock> blocks;
  std::vector<Run> runs;
  const HeapProfile* head = nullptr;
  Time last{};
  const auto end_block = [&]() -> Result<void> {
    if (runs.empty()) return {};
    auto block = Joiner(history, runs).Join(is_short);
    if (!block) return Fail(block.error());
    blocks.push_back(std::move(*block));
    runs.clear();
    return {};
  };
  std::size_t number = 0;
  for (const History::Piece& piece : history.pieces()) {
    for (std::size_t index = piece.begin; index < piece.end; ++index) {
      if (!is_kept[number++]) continue;
      const HeapProfile& next = history.frame(piece.part).head_at(index);
      const Time time = history.frame(piece.part).times[index];
      const bool goes_on = head == nullptr || ((&next == head || CanBeOneBlock(*head, next)) &&
                                               time - last <= kLongestHole);
      if (!goes_on) {
        if (auto ended = end_block(); !ended) return Fail(ended.error());
      }
      head = &next;
      last = time;
      if (!runs.empty() && runs.back().part == piece.part && runs.back().end == index) {
        ++runs.back().end;
      } else {
        const std::size_t column =
            runs.empty() ? 0 : runs.back().column + runs.back().end - runs.back().begin;
        runs.push_back({piece.part, index, index + 1, column});
      }
    }
  }
  if (auto ended = end_block(); !ended) return Fail(ended.error());
  return blocks;
}

}  // namespace heapwatch
