#include "analysis/base/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace heapwatch {
namespace {

// Levenshtein's distance: how many letters to insert, delete or replace.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replace = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replace, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> NearestName(std::string_view name,
                                            std::span<const std::string> known) {
  const std::size_t most = std::max<std::size_t>(2, name.size() / 3);
  std::size_t least = most + 1;
  std::optional<std::string_view> nearest;
  for (const std::string& candidate : known) {
    // No shorter than the difference in length: what somebody sends may be long.
    const auto [shorter, longer] = std::minmax({name.size(), candidate.size()});
    if (longer - shorter > most) continue;
    const std::size_t distance = EditDistance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace heapwatch
