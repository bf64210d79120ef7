// How long history is kept and how fine, and what came of applying that. See Store::Age.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"

namespace heapwatch {

// Of snapshots older than `older_than` four are left for each stretch of `every`: the first, the
// last, and those with the least and the most memory in use. A stretch ends where a process does.
struct Resolution {
  Duration older_than;
  Duration every;
};

struct Retention {
  // Snapshots older than this are dropped.
  Duration age = std::chrono::hours(24 * 30);
  // From fine to coarse.
  std::vector<Resolution> resolutions = {};
  // The oldest goes first where the store takes more than this on disk.
  std::optional<std::uint64_t> max_bytes = std::nullopt;
  // ... or where less than this is left on its disk.
  std::uint64_t min_free_disk_bytes = 0;
  // Once it is set, whatever is not done by then is left for another time. Not owned.
  std::atomic<bool>* stop = nullptr;
};

struct AgeingReport {
  // Snapshots that went ...
  std::size_t dropped = 0;           // for their age
  std::size_t thinned = 0;           // between those that were left
  std::size_t dropped_for_room = 0;  // for want of room, all from before ...
  std::optional<Time> room_made_before;
  // What the store takes on disk now, and what that should not exceed: more can be dropped only by
  // taking pins away or the last hour.
  std::uint64_t disk_bytes = 0;
  bool is_above_limit = false;
  // Less is free than should be, and there is nothing left to drop: new snapshots are refused until
  // the disk has room again.
  bool is_out_of_room = false;
  // What could not be done; all else was.
  std::vector<Error> failures;
};

}  // namespace heapwatch
