// The way back: from the values of one moment and the dictionary to the profile that was handed in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/row_codec.h"
#include "analysis/series/series_key.h"
#include "analysis/series/stack_table.h"

namespace heapwatch {

// All that is not zero at one moment.
struct Moment {
  Time time{};
  std::optional<std::int64_t> resident_bytes = std::nullopt;
  std::shared_ptr<const HeapProfile> head;
  std::vector<SeriesKey> series;
  std::vector<std::int64_t> values;  // series x sample types

  // Values of zeros alone are passed over.
  void Add(const SeriesKey& key, std::span<const std::int64_t> values_of_key);
};

// After the chain's last row, which is of `time`.
Moment MomentOf(const RowChain& chain, Time time);

// Each stack once, in the order of the series.
std::vector<ContentHash> StacksOf(const Moment& moment);

// `stacks` are the moment's, all of which the table has.
HeapProfile RebuildProfile(const Moment& moment, std::span<const ContentHash> stacks,
                           const StackTable& table);

}  // namespace heapwatch
