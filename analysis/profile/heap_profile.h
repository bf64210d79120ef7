// One heap profile, checked: a set of stacks, each with the same few values per block size.
//
// What leaves a decoder is whole: every id is in range, every sample has one value per sample type,
// no (stack, block size) stands twice. What the format does not carry (alloc, counts, the sampling
// period, names) is absent, never zero. Values are unsampled already: they estimate the whole heap,
// not the sampled part of it.
//
// Strings are views into `text`, which the profile owns; a copied or moved profile stays valid.
// Plain data: any number of threads may read one profile.
//
// Example: two samples of a Go profile, 16-byte blocks born in main.f called by main.main:
//   functions {main.f, main.main}; locations {0: [main.f:7], 1: [main.main:3]}; stacks {0: [0, 1]}
//   (leaf first) samples {{stack 0, block_bytes 16}}; sample_types {alloc_objects, alloc_space,
//   inuse_objects, inuse_space} values {40, 640, 10, 160}: 40 blocks were allocated here in all, 10
//   of them are live.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/large_memory.h"
#include "analysis/base/strong_id.h"
#include "analysis/base/time.h"
#include "analysis/profile/stack_list.h"

namespace heapwatch {

// The four numbers that matter here. A profile has some of them, each in the column
// `HeapProfile::column` tells.
enum class Quantity : std::uint8_t { kInuseSpace, kInuseObjects, kAllocSpace, kAllocObjects };
inline constexpr std::size_t kQuantityCount = 4;
inline constexpr std::array<Quantity, kQuantityCount> kQuantities = {
    Quantity::kInuseSpace, Quantity::kInuseObjects, Quantity::kAllocSpace, Quantity::kAllocObjects};
std::string_view ToString(Quantity quantity);                       // "inuse_space"
std::optional<Quantity> QuantityFromString(std::string_view name);  // "inuse_space"

using FunctionId = StrongId<struct FunctionTag>;
using MappingId = StrongId<struct MappingTag>;

struct SampleType {
  std::string type;  // "inuse_space"
  std::string unit;  // "bytes"
  bool operator==(const SampleType&) const = default;
};

struct Function {
  std::string_view name = {};
  std::string_view system_name = {};  // as the linker knows it; "" where the same or unknown
  std::string_view file = {};
  std::int64_t start_line = 0;  // 0: unknown
};

struct Line {
  FunctionId function = {};
  std::int64_t line = 0;  // 0: unknown
  std::int64_t column = 0;
};

struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t file_offset = 0;
  std::string_view file = {};
  std::string_view build_id = {};
  bool has_functions = false;
  bool has_filenames = false;
  bool has_line_numbers = false;
  bool has_inline_frames = false;
};

// One address. Several lines where calls were inlined, the innermost first; none where it has not
// been symbolised.
struct Location {
  std::optional<MappingId> mapping = {};
  std::uint64_t address = 0;
  std::uint32_t first_line = 0;  // into HeapProfile::lines
  std::uint32_t line_count = 0;
  bool is_folded = false;
};

struct Sample {
  StackId stack = {};
  std::int64_t block_bytes = 0;  // size of one object, from the label `bytes`; 0: unknown
};

struct HeapProfile {
  std::optional<Time> time;
  std::optional<Duration> duration;  // set by profiles of an interval
  // Of the whole process at that moment, heap and all. No format tells it: it comes from the
  // process' own metrics, where they were asked.
  std::optional<std::int64_t> resident_bytes;
  // Mean bytes between two samples (R). 1 or less: every allocation was recorded. Absent: the
  // format does not say.
  std::optional<std::int64_t> sampling_period_bytes;
  SampleType period_type;

  std::vector<SampleType> sample_types;
  std::optional<std::size_t> default_sample_type;
  std::vector<std::string> comments;

  std::vector<Mapping> mappings;
  std::vector<Function> functions;
  std::vector<Line> lines;
  std::vector<Location> locations;

  StackList stacks;
  // What a stack is, whatever profile it stands in: functions, files and lines where named, else
  // build and offset.
  LargeVector<ContentHash> stack_hashes;  // no two are equal

  LargeVector<Sample> samples;
  LargeVector<std::int64_t> values;  // samples x sample_types, one sample after the other

  // The bytes all string_views above point into.
  std::vector<std::shared_ptr<const std::string>> text;

  std::size_t stack_count() const { return stacks.size(); }
  StackList::Stack stack(StackId id) const { return stacks[id]; }  // leaf first
  std::span<const Line> lines_of(const Location& location) const {
    return std::span(lines).subspan(location.first_line, location.line_count);
  }
  // Where a location lies in its file, which no address randomisation moves; its address where the
  // mapping is unknown.
  std::uint64_t offset_of(const Location& location) const;
  std::span<const std::int64_t> values_of(std::size_t sample) const {
    return std::span(values).subspan(sample * sample_types.size(), sample_types.size());
  }
  // Where a quantity stands among the values of a sample, chosen by name and unit; nullopt where
  // the profile lacks it.
  std::optional<std::size_t> column(Quantity quantity) const;
  // Sum over all samples; nullopt where the profile lacks the quantity.
  std::optional<std::int64_t> total(Quantity quantity) const;
};

}  // namespace heapwatch
