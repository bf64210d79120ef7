#include "analysis/series/value_coding.h"

#include <cmath>

namespace heapwatch {
BlockSize BlockSizeAt(std::int64_t block_bytes, std::optional<std::int64_t> sampling_period_bytes) {
  if (block_bytes <= 0 || sampling_period_bytes.value_or(0) <= 1) return {block_bytes, 1};
  const auto mean = static_cast<double>(*sampling_period_bytes);
  return {block_bytes, 1 / (1 - std::exp(-static_cast<double>(block_bytes) / mean))};
}

std::vector<ValueUnit> UnitsOf(std::span<const SampleType> types) {
  const auto find = [types](const SampleType& wanted) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (types[i] == wanted) return i;
    }
    return std::nullopt;
  };
  static constexpr std::string_view kObjects = "objects";
  static constexpr std::string_view kSpace = "space";
  std::vector<bool> taken(types.size(), false);
  std::vector<ValueUnit> units;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].unit != "count" || !types[i].type.ends_with(kObjects)) continue;
    const std::string stem = types[i].type.substr(0, types[i].type.size() - kObjects.size());
    const auto partner = find({stem + std::string(kSpace), "bytes"});
    if (!partner || taken[*partner]) continue;
    taken[i] = taken[*partner] = true;
    units.push_back({i, partner});
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!taken[i]) units.push_back({i, std::nullopt});
  }
  return units;
}

std::optional<std::int64_t> SampledCount(std::int64_t objects, std::int64_t bytes,
                                         const BlockSize& size) {
  if (objects == 0 && bytes == 0) return 0;
  if (size.block_bytes <= 0) return std::nullopt;
  const double count =
      static_cast<double>(bytes) / (static_cast<double>(size.block_bytes) * size.scale);
  if (!(count < kMaxExact && count > -kMaxExact)) return std::nullopt;
  const auto n = static_cast<std::int64_t>(count < 0 ? count - 0.5 : count + 0.5);
  if (!IsCountInRange(n, size)) return std::nullopt;
  const ObjectsAndBytes told = FromSampledCount(n, size);
  if (told.objects != objects || told.bytes != bytes) return std::nullopt;
  return n;
}

UnitChange WriteUnit(const ValueUnit& unit, const BlockSize& size,
                     std::span<const std::int64_t> before, std::span<const std::int64_t> now,
                     UnitState& state, ByteWriter& out) {
  const std::size_t a = unit.column;
  if (!unit.bytes_column) {
    if (before[a] == now[a]) return UnitChange::kNone;
    out.Zigzag(WrappingDifference(now[a], before[a]));
    return UnitChange::kValues;
  }
  const std::size_t b = *unit.bytes_column;
  if (before[a] == now[a] && before[b] == now[b]) return UnitChange::kNone;
  const auto count = SampledCount(now[a], now[b], size);
  const UnitState was = state;
  state = {count.value_or(0), count.has_value()};
  if (count && was.is_counted) {
    out.Zigzag(*count - was.count);
    return UnitChange::kCount;
  }
  out.Zigzag(WrappingDifference(now[a], before[a]));
  out.Zigzag(WrappingDifference(now[b], before[b]));
  return UnitChange::kValues;
}

bool ReadUnit(UnitChange change, const ValueUnit& unit, const BlockSize& size,
              std::span<std::int64_t> values, UnitState& state, ByteReader& in) {
  if (change == UnitChange::kNone) return true;
  std::int64_t& a = values[unit.column];
  if (change == UnitChange::kValues) {
    a = WrappingSum(a, in.Zigzag());
    if (unit.bytes_column) {
      std::int64_t& b = values[*unit.bytes_column];
      b = WrappingSum(b, in.Zigzag());
      const auto count = SampledCount(a, b, size);
      state = {count.value_or(0), count.has_value()};
    }
    return in.ok();
  }
  if (change != UnitChange::kCount || !unit.bytes_column || !state.is_counted) return false;
  state.count = WrappingSum(state.count, in.Zigzag());
  if (!in.ok() || !IsCountInRange(state.count, size)) return false;
  const ObjectsAndBytes told = FromSampledCount(state.count, size);
  a = told.objects;
  values[*unit.bytes_column] = told.bytes;
  return true;
}

bool SkipUnit(UnitChange change, const ValueUnit& unit, ByteReader& in) {
  if (change > UnitChange::kValues) return false;
  if (change != UnitChange::kNone) in.Varint();
  if (change == UnitChange::kValues && unit.bytes_column) in.Varint();
  return in.ok();
}

}  // namespace heapwatch
