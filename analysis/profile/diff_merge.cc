#include "analysis/profile/diff_merge.h"

#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace heapwatch {
namespace {

constexpr std::int64_t kMaxValue = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMinValue = std::numeric_limits<std::int64_t>::min();

// Rounds as pprof does, half away from zero, and stays within the range.
std::int64_t Scaled(std::int64_t value, double scale) {
  if (scale == 1.0) return value;
  const double scaled = std::round(static_cast<double>(value) * scale);
  if (scaled >= static_cast<double>(kMaxValue)) return kMaxValue;
  if (scaled <= static_cast<double>(kMinValue)) return kMinValue;
  return static_cast<std::int64_t>(scaled);
}

// Adds the stacks of a second profile to the tables of a first; what both have stands there once.
class TableMerger {
 public:
  TableMerger(HeapProfile& into, const HeapProfile& from) : into_(into), from_(from) {
    into_.text.insert(into_.text.end(), from_.text.begin(), from_.text.end());
    for (std::size_t i = 0; i < into_.functions.size(); ++i)
      functions_.emplace(FunctionKey(into_.functions[i]), FunctionId(i));
    for (std::size_t i = 0; i < into_.mappings.size(); ++i)
      mappings_.emplace(MappingKey(into_.mappings[i]), MappingId(i));
  }

  StackId AddStack(StackId stack) {
    frames_.clear();
    for (const LocationId location : from_.stack(stack)) frames_.push_back(Map(location));
    into_.stack_hashes.push_back(from_.stack_hashes[stack.index()]);
    return into_.stacks.Add(frames_);
  }

 private:
  using FunctionKeyTuple =
      std::tuple<std::string_view, std::string_view, std::string_view, std::int64_t>;
  using MappingKeyTuple =
      std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::string_view, std::string_view>;
  static FunctionKeyTuple FunctionKey(const Function& f) {
    return {f.name, f.file, f.system_name, f.start_line};
  }
  static MappingKeyTuple MappingKey(const Mapping& m) {
    return {m.start, m.limit, m.file_offset, m.file, m.build_id};
  }

  LocationId Map(LocationId id) {
    if (const auto it = locations_.find(id); it != locations_.end()) return it->second;
    Location location = from_.locations[id.index()];
    const auto lines = from_.lines_of(location);
    location.first_line = static_cast<std::uint32_t>(into_.lines.size());
    for (Line line : lines) {
      line.function = Map(line.function);
      into_.lines.push_back(line);
    }
    if (location.mapping) location.mapping = Map(*location.mapping);
    const LocationId added(into_.locations.size());
    into_.locations.push_back(location);
    locations_.emplace(id, added);
    return added;
  }
  FunctionId Map(FunctionId id) {
    const Function& function = from_.functions[id.index()];
    const auto [it, is_new] =
        functions_.try_emplace(FunctionKey(function), FunctionId(into_.functions.size()));
    if (is_new) into_.functions.push_back(function);
    return it->second;
  }
  MappingId Map(MappingId id) {
    const Mapping& mapping = from_.mappings[id.index()];
    const auto [it, is_new] =
        mappings_.try_emplace(MappingKey(mapping), MappingId(into_.mappings.size()));
    if (is_new) into_.mappings.push_back(mapping);
    return it->second;
  }

  HeapProfile& into_;
  const HeapProfile& from_;
  std::map<FunctionKeyTuple, FunctionId> functions_;
  std::map<MappingKeyTuple, MappingId> mappings_;
  std::unordered_map<LocationId, LocationId> locations_;
  std::vector<LocationId> frames_;  // scratch
};

// The stack of the merged profile for each stack of one side. Two stacks of equal content but
// different addresses are one.
using StackMap = std::vector<StackId>;
using KnownStacks = std::unordered_map<ContentHash, StackId>;

StackMap MapOwnStacks(const HeapProfile& profile, KnownStacks& known) {
  StackMap map(profile.stack_count());
  for (std::size_t i = 0; i < map.size(); ++i)
    map[i] = known.try_emplace(profile.stack_hashes[i], StackId(i)).first->second;
  return map;
}

StackMap MapOtherStacks(const HeapProfile& other, HeapProfile& merged, KnownStacks& known) {
  TableMerger merger(merged, other);
  StackMap map(other.stack_count());
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto it = known.find(other.stack_hashes[i]);
    map[i] = it != known.end()
                 ? it->second
                 : known.emplace(other.stack_hashes[i], merger.AddStack(StackId(i))).first->second;
  }
  return map;
}

HeapProfile TablesOf(const HeapProfile& profile) {
  HeapProfile tables = profile;
  tables.samples.clear();
  tables.values.clear();
  tables.sample_types.clear();
  tables.default_sample_type.reset();
  tables.comments.clear();
  tables.duration.reset();
  return tables;
}

class SampleMerger {
 public:
  explicit SampleMerger(MergedProfiles& merged) : merged_(merged) {}

  void Add(const HeapProfile& side, const StackMap& map, bool is_before) {
    std::array<std::optional<std::size_t>, kQuantityCount> quantities;
    for (const Quantity q : kQuantities) quantities[static_cast<std::size_t>(q)] = side.column(q);
    for (std::size_t i = 0; i < side.samples.size(); ++i) {
      const Sample& sample = side.samples[i];
      const std::size_t row = RowOf({map[sample.stack.index()], sample.block_bytes});
      const auto values = side.values_of(i);
      for (std::size_t c = 0; c < merged_.columns.size(); ++c) AddValue(row, c, values, is_before);
      Levels& levels = (is_before ? merged_.before_levels : merged_.after_levels)[row];
      for (std::size_t q = 0; q < kQuantityCount; ++q)
        if (quantities[q]) levels[q] = SaturatingAdd(levels[q].value_or(0), values[*quantities[q]]);
    }
  }

 private:
  struct SampleHash {
    std::size_t operator()(const std::pair<StackId, std::int64_t>& key) const {
      return static_cast<std::size_t>(
          (static_cast<std::uint64_t>(key.second) * 0x9E37'79B9'7F4A'7C15U) ^ key.first.value());
    }
  };

  std::size_t RowOf(const std::pair<StackId, std::int64_t>& key) {
    const auto [it, is_new] = rows_.try_emplace(key, merged_.profile.samples.size());
    if (is_new) {
      merged_.profile.samples.push_back({key.first, key.second});
      const std::size_t size = merged_.profile.samples.size();
      merged_.before_values.resize(size * merged_.columns.size());
      merged_.after_values.resize(size * merged_.columns.size());
      merged_.before_levels.resize(size);
      merged_.after_levels.resize(size);
    }
    return it->second;
  }

  void AddValue(std::size_t row, std::size_t column, std::span<const std::int64_t> values,
                bool is_before) {
    const CommonColumn& common = merged_.columns[column];
    auto& sums = is_before ? merged_.before_values : merged_.after_values;
    const std::int64_t value = is_before
                                   ? values[common.before]
                                   : Scaled(values[common.after], merged_.after_scales[column]);
    std::int64_t& sum = sums[row * merged_.columns.size() + column];
    sum = SaturatingAdd(sum, value);
  }

  MergedProfiles& merged_;
  std::unordered_map<std::pair<StackId, std::int64_t>, std::size_t, SampleHash> rows_;
};

// A stack that one side lacks has nothing there: zero, where the side tells the quantity at all.
void SetMissingToZero(const HeapProfile& side, std::vector<Levels>& all_levels) {
  for (const Quantity q : kQuantities) {
    if (!side.column(q)) continue;
    for (Levels& levels : all_levels)
      if (auto& level = levels[static_cast<std::size_t>(q)]; !level) level = 0;
  }
}

// As pprof: a type whose total is zero on the side to be scaled is scaled to nothing.
double NormalizingScale(std::int64_t before_total, std::int64_t after_total) {
  return after_total == 0 ? 0.0
                          : static_cast<double>(before_total) / static_cast<double>(after_total);
}

}  // namespace

std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMaxValue : kMinValue;
}

std::optional<std::size_t> FindColumn(const HeapProfile& profile, std::string_view name) {
  for (std::size_t i = 0; i < profile.sample_types.size(); ++i)
    if (profile.sample_types[i].type == name) return i;
  if (const auto quantity = QuantityFromString(name)) return profile.column(*quantity);
  return std::nullopt;
}

std::vector<CommonColumn> CommonColumns(const HeapProfile& before, const HeapProfile& after) {
  const auto quantity_at = [](const HeapProfile& profile,
                              std::size_t column) -> std::optional<Quantity> {
    for (const Quantity q : kQuantities)
      if (profile.column(q) == column) return q;
    return std::nullopt;
  };
  std::vector<CommonColumn> columns;
  for (std::size_t i = 0; i < after.sample_types.size(); ++i) {
    const SampleType& type = after.sample_types[i];
    std::optional<std::size_t> match;
    for (std::size_t j = 0; j < before.sample_types.size() && !match; ++j)
      if (before.sample_types[j] == type) match = j;
    if (const auto quantity = quantity_at(after, i); !match && quantity)
      match = before.column(*quantity);
    if (match && before.sample_types[*match].unit == type.unit)
      columns.push_back({type, *match, i});
  }
  return columns;
}

std::int64_t ColumnTotal(const HeapProfile& profile, std::size_t column) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < profile.samples.size(); ++i)
    total = SaturatingAdd(total, profile.values_of(i)[column]);
  return total;
}

MergedProfiles MergeProfiles(const HeapProfile& before, const HeapProfile& after,
                             std::vector<CommonColumn> columns, bool normalize) {
  MergedProfiles merged;
  merged.columns = std::move(columns);
  for (const CommonColumn& column : merged.columns)
    merged.after_scales.push_back(normalize ? NormalizingScale(ColumnTotal(before, column.before),
                                                               ColumnTotal(after, column.after))
                                            : 1.0);
  merged.profile = TablesOf(after);
  KnownStacks known;
  const StackMap after_stacks = MapOwnStacks(after, known);
  const StackMap before_stacks = MapOtherStacks(before, merged.profile, known);
  for (const CommonColumn& column : merged.columns) {
    merged.profile.sample_types.push_back(column.type);
    if (after.default_sample_type == column.after)
      merged.profile.default_sample_type = merged.profile.sample_types.size() - 1;
  }
  SampleMerger samples(merged);
  samples.Add(before, before_stacks, true);
  samples.Add(after, after_stacks, false);
  SetMissingToZero(before, merged.before_levels);
  SetMissingToZero(after, merged.after_levels);
  return merged;
}

}  // namespace heapwatch
