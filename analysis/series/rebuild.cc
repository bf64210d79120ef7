#include "analysis/series/rebuild.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace heapwatch {
namespace {

bool IsLive(std::span<const std::int64_t> values) {
  return std::any_of(values.begin(), values.end(), [](std::int64_t value) { return value != 0; });
}

}  // namespace

std::vector<ContentHash> LiveStacks(const RowChain& chain) {
  std::vector<ContentHash> stacks;
  std::unordered_set<ContentHash> known;
  for (std::size_t i = 0; i < chain.series_count(); ++i) {
    const ContentHash& stack = chain.series(i).stack;
    if (IsLive(chain.values(i)) && known.insert(stack).second) stacks.push_back(stack);
  }
  return stacks;
}

HeapProfile RebuildProfile(const RowChain& chain, const std::vector<ContentHash>& stacks,
                           const StackTable& table, Time time) {
  HeapProfile profile = table.Build(chain.head_profile(), stacks);
  profile.time = time;
  std::unordered_map<ContentHash, StackId> ids;
  for (std::size_t i = 0; i < stacks.size(); ++i) ids.emplace(stacks[i], StackId(i));
  for (std::size_t i = 0; i < chain.series_count(); ++i) {
    const auto values = chain.values(i);
    if (!IsLive(values)) continue;
    profile.samples.push_back({ids.at(chain.series(i).stack), chain.series(i).block_bytes});
    profile.values.insert(profile.values.end(), values.begin(), values.end());
  }
  return profile;
}

}  // namespace heapwatch
