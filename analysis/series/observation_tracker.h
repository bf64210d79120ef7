// Tells, snapshot after snapshot of one target, where a new process life or a new build begins and
// which snapshots only repeat the one before. One place for these rules, whether the window comes
// from profiles or from stored rows. One thread.
//
// A life ends where a cumulative total falls. A total can also overshoot its old value between two
// scrapes, so a life ends too where more than a quarter of what had been allocated is missing from
// the stacks it stood at. (Some producers drop a few cumulative records between two dumps; that
// alone is no restart.) Where allocations are not told, a life ends where the main binary lies at
// another address than before, or where most of what was live has gone from its stacks and hardly
// one of them holds what it held: what a process gives back at once leaves the rest as it was, and
// a new one is sampled anew. (Node.js, 12 to 33 stacks: a restart took .99 and kept none; a cache
// flush took .45 and kept two thirds of the stacks.)
//
// A profile that repeats the one before is no new observation: of Go's, two collections may pass
// until an allocation shows, and idle programs collect every two minutes. What has not changed for
// longer is known to stand still, and is one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

struct ObservationFacts {
  Time time;
  std::optional<std::int64_t> sampling_period_bytes;
  std::optional<std::int64_t> resident_bytes;
  std::string_view build;          // build id of the main binary, else its file
  std::uint64_t base_address = 0;  // of the main binary; 0: not told
  bool changed = false;            // whether any value differs from the snapshot before
  // Over all stacks; absent where the profile does not tell the quantity. Of these two only what is
  // cumulative is looked at and, where allocations are not told, inuse_space.
  std::array<std::optional<std::int64_t>, kQuantityCount> totals;
  // Sum over the stacks of what each has less than in the snapshot before.
  std::array<std::int64_t, kQuantityCount> fallen = {};
  // Stacks that held live bytes in the snapshot before, and those of them that hold as many now;
  // looked at where allocations are not told.
  std::size_t stacks_before = 0;
  std::size_t stacks_kept = 0;

  // Counts what one stack has of a quantity in the snapshot before, and now.
  void Add(Quantity quantity, std::int64_t before, std::int64_t now);
};

class ObservationTracker {
 public:
  // Facts in time order. The first observation is always new, of lifetime 0 and build 0.
  Observation Next(const ObservationFacts& facts);

 private:
  bool IsNewLife(const ObservationFacts& facts) const;
  bool IsReplaced(const ObservationFacts& facts) const;

  std::optional<Observation> last_;
  Time last_new_;
  std::array<std::optional<std::int64_t>, kQuantityCount> last_totals_;
  std::string last_build_;
  std::uint64_t last_base_address_ = 0;
};

// Fills in what the profile says beside its values. The first mapping is the main binary.
ObservationFacts FactsOf(const HeapProfile& profile);

}  // namespace heapwatch
