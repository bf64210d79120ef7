#include "analysis/profile/diff_noise.h"

#include <algorithm>
#include <cmath>

namespace heapwatch {
namespace {

std::optional<std::int64_t> Get(const Levels& levels, Quantity quantity) {
  return levels[static_cast<std::size_t>(quantity)];
}

bool IsSpace(Quantity quantity) {
  return quantity == Quantity::kInuseSpace || quantity == Quantity::kAllocSpace;
}

bool IsInuse(Quantity quantity) {
  return quantity == Quantity::kInuseSpace || quantity == Quantity::kInuseObjects;
}

// Bytes of one block: as labelled, else the mean of what stands there; nullopt where nobody tells.
std::optional<double> BlockBytes(const NoiseInput& input) {
  if (input.block_bytes > 0) return static_cast<double>(input.block_bytes);
  const auto mean = [&](Quantity space, Quantity objects) -> std::optional<double> {
    double bytes = 0;
    double blocks = 0;
    for (const Levels* side : {&input.before, &input.after}) {
      const auto side_bytes = Get(*side, space);
      const auto side_blocks = Get(*side, objects);
      if (!side_bytes || !side_blocks) continue;
      bytes += std::fabs(static_cast<double>(*side_bytes));
      blocks += std::fabs(static_cast<double>(*side_blocks));
    }
    if (blocks <= 0 || bytes <= 0) return std::nullopt;
    return bytes / blocks;
  };
  if (const auto size = mean(Quantity::kInuseSpace, Quantity::kInuseObjects)) return size;
  return mean(Quantity::kAllocSpace, Quantity::kAllocObjects);
}

double SampledShare(double block_bytes, double period_bytes) {
  return period_bytes <= 1 ? 1.0 : -std::expm1(-block_bytes / period_bytes);
}

// The sampled blocks behind an estimate of bytes or blocks.
double SampledBlocks(std::int64_t value, bool is_space, double block_bytes, double share) {
  const double blocks = std::fabs(static_cast<double>(value)) / (is_space ? block_bytes : 1.0);
  return std::round(blocks * share);
}

// The variance that one sampled block contributes, in the unit of the quantity.
double BlockVariance(bool is_space, double block_bytes, double share) {
  const double unit = (is_space ? block_bytes : 1.0) / share;
  return unit * unit * (1.0 - share);
}

double Square(double x) { return x * x; }

std::optional<double> BothLevels(const NoiseInput& input, std::optional<double> block_bytes) {
  const bool is_space = IsSpace(input.quantity);
  const auto level = [&](const Levels& levels, double period_bytes) -> std::optional<double> {
    const auto value = Get(levels, input.quantity);
    if (!value) return std::nullopt;
    if (*value == 0 || period_bytes <= 1) return 0.0;
    if (!block_bytes) {
      if (!is_space) return std::nullopt;
      return period_bytes * std::fabs(static_cast<double>(*value));
    }
    const double share = SampledShare(*block_bytes, period_bytes);
    return SampledBlocks(*value, is_space, *block_bytes, share) *
           BlockVariance(is_space, *block_bytes, share);
  };
  const auto before = level(input.before, input.before_period_bytes);
  const auto after = level(input.after, input.after_period_bytes);
  if (!before || !after) return std::nullopt;
  return *before + Square(input.scale) * *after;
}

}  // namespace

std::optional<double> DifferenceVariance(const NoiseInput& input) {
  const auto block_bytes = BlockBytes(input);
  const bool is_space = IsSpace(input.quantity);
  const bool forward = input.order == AllocOrder::kForward;
  const Levels& early = forward ? input.before : input.after;
  const Levels& late = forward ? input.after : input.before;
  const Quantity alloc = is_space ? Quantity::kAllocSpace : Quantity::kAllocObjects;
  const auto alloc_early = Get(early, alloc);
  const auto alloc_late = Get(late, alloc);
  const auto value_early = Get(early, input.quantity);
  const auto value_late = Get(late, input.quantity);
  if (input.order == AllocOrder::kNone || !block_bytes || !alloc_early || !alloc_late ||
      !value_early || !value_late || *alloc_late < *alloc_early)
    return BothLevels(input, block_bytes);

  const double share = SampledShare(*block_bytes, input.after_period_bytes);
  const auto sampled = [&](std::int64_t value) {
    return SampledBlocks(value, is_space, *block_bytes, share);
  };
  const double born = sampled(*alloc_late) - sampled(*alloc_early);
  const double n_early = sampled(*value_early);
  const double n_late = sampled(*value_late);
  double fresh = born;  // sampled blocks on the late side only
  double gone = 0;      // on the early side only
  if (IsInuse(input.quantity)) {
    fresh = std::min(born, n_late);
    gone = std::clamp(born - (n_late - n_early), 0.0, n_early);
  }
  // Blocks on both sides cancel, but for what normalising leaves of them.
  const double stayed = std::max(0.0, n_late - fresh);
  const double late_weight = forward ? Square(input.scale) : 1.0;
  const double early_weight = forward ? 1.0 : Square(input.scale);
  const double blocks =
      late_weight * fresh + early_weight * gone + Square(input.scale - 1) * stayed;
  return blocks * BlockVariance(is_space, *block_bytes, share);
}

}  // namespace heapwatch
