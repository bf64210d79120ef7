#include "analysis/trend/patience.h"

#include <algorithm>
#include <cmath>

namespace heapwatch {
namespace {

// From this retention on a growth may be a fill.
constexpr double kRetentionOfFills = 0.25;
// No retention is so low that a climb need not be seen for a while.
constexpr double kLeastShare = 0.15;

}  // namespace

double PatienceSeconds(const PatienceInput& input, const TrendOptions& options) {
  const double full = Seconds(input.began_mid_life ? options.patience_mid_life : options.patience);
  const double share =
      input.retention ? std::clamp(*input.retention / kRetentionOfFills, kLeastShare, 1.0) : 1;
  double spacing = 1;
  if (input.spacing_seconds) {
    spacing = std::min(1.0, *input.spacing_seconds / Seconds(options.patience_spacing));
  }
  return std::max(Seconds(options.warm_up), full * share * std::pow(spacing, 1.5));
}

}  // namespace heapwatch
