#include "analysis/series/rebuild.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace heapwatch {

void Moment::Add(const SeriesKey& key, std::span<const std::int64_t> values_of_key) {
  if (std::all_of(values_of_key.begin(), values_of_key.end(),
                  [](std::int64_t v) { return v == 0; })) {
    return;
  }
  series.push_back(key);
  values.insert(values.end(), values_of_key.begin(), values_of_key.end());
}

Moment MomentOf(const RowChain& chain, Time time) {
  Moment moment;
  moment.time = time;
  moment.resident_bytes = chain.resident_bytes();
  moment.head = std::make_shared<const HeapProfile>(chain.head_profile());
  for (std::size_t i = 0; i < chain.series_count(); ++i)
    moment.Add(chain.series(i), chain.values(i));
  return moment;
}

std::vector<ContentHash> StacksOf(const Moment& moment) {
  std::vector<ContentHash> stacks;
  std::unordered_set<ContentHash> known;
  for (const SeriesKey& key : moment.series) {
    if (known.insert(key.stack).second) stacks.push_back(key.stack);
  }
  return stacks;
}

HeapProfile RebuildProfile(const Moment& moment, std::span<const ContentHash> stacks,
                           const StackTable& table) {
  HeapProfile profile = table.Build(*moment.head, stacks);
  profile.time = moment.time;
  profile.resident_bytes = moment.resident_bytes;
  std::unordered_map<ContentHash, StackId> ids;
  for (std::size_t i = 0; i < stacks.size(); ++i) ids.emplace(stacks[i], StackId(i));
  profile.samples.reserve(moment.series.size());
  for (const SeriesKey& key : moment.series) {
    profile.samples.push_back({ids.at(key.stack), key.block_bytes});
  }
  profile.values.assign(moment.values.begin(), moment.values.end());
  return profile;
}

}  // namespace heapwatch
