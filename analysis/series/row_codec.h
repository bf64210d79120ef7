// The rows history is made of: one per snapshot of a target, each telling what changed since the
// row before it.
//
// A chain is a keyframe, which starts from nothing, and the deltas that follow it in time. The
// series of a chain are numbered in the order they first appear in it. An aside is a keyframe that
// stands alone, for a snapshot that arrived late: the chain around it goes on as if it were not
// there. watcher/store/FORMAT.md describes the bytes, with an example.
//
// A sample whose values are all zero is the same as none. Samples of one stack (by content) and
// block size are summed. RowWriter and RowChain belong to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/series_index.h"
#include "analysis/series/series_key.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {

enum class RowKind : std::uint8_t { kKeyframe = 1, kDelta = 2, kAside = 3 };

inline constexpr std::size_t kMaxSampleTypes = 16;

// What a row says before its changes.
struct RowPreamble {
  RowKind kind = RowKind::kKeyframe;
  Duration since_chain_start{0};  // deltas only
  std::uint64_t number = 0;       // of the row in its chain; the keyframe is 0
  std::optional<std::string_view> head;
  std::optional<std::int64_t> resident_bytes;
  std::vector<BlockSize> sizes;     // added to those of the chain
  std::vector<ContentHash> stacks;  // of the series added to the chain ...
  std::vector<std::uint32_t>
      size_of_stack;  // ... and the number of each one's block size in the chain
  std::string_view changes;
};
Result<RowPreamble> ReadPreamble(std::string_view row);
Result<RowKind> KindOf(std::string_view row);

// Where a chain stands after some of its rows.
class RowChain {
 public:
  // Takes the state one row further; the rows of a chain in order, an aside to a chain of its own.
  // kCorrupt where the row does not follow; the chain is of no use then.
  Result<void> Apply(std::string_view row);
  // The same in two steps, so that the second can be put off, or be done for some series alone. All
  // that a row says before its changes; these are returned, a part of `row`.
  Result<std::string_view> Begin(std::string_view row);
  // The changes of a row, in order, of the series in `only` or of all.
  Result<void> Change(std::string_view changes, const SeriesList* only = nullptr);

  std::size_t row_count() const { return row_count_; }
  // EncodeHead's bytes, and what they say.
  const std::string& head() const { return head_; }
  const HeapProfile& head_profile() const { return head_profile_; }
  // HeapProfile::resident_bytes at the last row.
  std::optional<std::int64_t> resident_bytes() const { return resident_bytes_; }

  std::size_t series_count() const { return series_.size(); }
  const SeriesKey& series(std::size_t number) const { return series_[number]; }
  // One value per sample type.
  std::span<const std::int64_t> values(std::size_t number) const {
    return std::span(values_).subspan(number * type_count_, type_count_);
  }
  const std::vector<ValueUnit>& units() const { return units_; }
  // One for each unit.
  std::span<const UnitState> unit_states(std::size_t number) const {
    return std::span(unit_states_).subspan(number * units_.size(), units_.size());
  }
  const BlockSize& size_of(std::size_t number) const { return sizes_[size_of_series_[number]]; }
  // The series that the last row changed, of those asked for, in the order of their numbers.
  const std::vector<std::uint32_t>& changed() const { return changed_; }
  // Memory held, roughly.
  std::size_t size_bytes() const;

 private:
  friend class RowWriter;

  bool SetHead(std::string_view head);
  bool AddSeries(const RowPreamble& preamble);
  bool ApplyChanges(std::string_view changes, const SeriesList* only);

  std::string head_;
  HeapProfile head_profile_;
  std::optional<std::int64_t> resident_bytes_;
  std::size_t type_count_ = 0;
  std::vector<ValueUnit> units_;
  std::size_t row_count_ = 0;
  std::vector<BlockSize> sizes_;
  std::vector<SeriesKey> series_;
  std::vector<std::uint32_t> size_of_series_;
  std::vector<std::int64_t> values_;
  std::vector<UnitState> unit_states_;  // series x units
  std::vector<std::uint32_t> changed_;
};

// Writes the rows of one target.
class RowWriter {
 public:
  struct Row {
    std::string bytes;
    bool is_keyframe = false;
    // The stacks that are in neither the chain nor the one before it: whoever keeps the row must
    // know what they are.
    std::vector<StackId> new_stacks;
  };

  // The next row begins a chain.
  RowWriter() = default;
  // The next row goes on from here. `start` is the time of the chain's keyframe.
  RowWriter(RowChain chain, Time start);

  // Rows in time order. A chain ends by itself where the sample types or the sampling period
  // change. kInvalidArgument for a profile without sample types or with too many.
  Result<Row> Write(Time time, const HeapProfile& profile);
  // The same profile as a row that stands alone.
  static Result<Row> WriteAside(const HeapProfile& profile);
  // The next row begins a new chain.
  void EndChain() { is_ended_ = true; }

  const RowChain& chain() const { return chain_; }
  std::size_t size_bytes() const;

 private:
  std::uint32_t SizeNumber(std::int64_t block_bytes);
  std::uint32_t AddSeries(const SeriesKey& key);
  void BeginChain(Time time, std::string_view head);
  // The values of the profile, series by series as in the chain.
  std::vector<std::int64_t> Gather(const HeapProfile& profile, Row& row);
  void WritePreamble(Time time, std::string_view head, std::size_t sizes_before,
                     std::size_t series_before, ByteWriter& out) const;
  void WriteChanges(std::vector<std::int64_t> values, ByteWriter& out);

  RowChain chain_;
  Time start_{};
  bool is_ended_ = false;
  SeriesIndex index_;                                               // of the chain's series
  std::unordered_map<std::int64_t, std::uint32_t> number_of_size_;  // of the chain, by block bytes
  // Of the chain before this one, until its first row is written.
  std::vector<SeriesKey> series_before_;
  SeriesIndex index_before_;
};

}  // namespace heapwatch
