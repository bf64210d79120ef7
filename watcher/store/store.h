// The seam behind which history is kept: what was scraped goes in once, every series and every profile comes out of it.
//
// Append is durable when it returns. Everything may be called from any thread. Errors: kNotFound (no such target or moment),
// kCorrupt (names the key; the rest stays readable), kLimit (disk full), kUnavailable (I/O).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

// A target is its label set; the id is that set's hash, the same on every machine, as 16 hex digits in addresses.
struct TargetId {
  std::uint64_t value = 0;
  static TargetId Of(const Labels& labels);
  static Result<TargetId> Parse(std::string_view hex);
  std::string ToString() const;
  auto operator<=>(const TargetId&) const = default;
};

struct StoredTarget {
  TargetId id;
  Labels labels;
  Time first;  // of its snapshots still kept
  Time last;
  std::size_t snapshots = 0;
};

struct SnapshotInfo {
  Time time;
  std::size_t samples = 0;
  std::optional<std::int64_t> inuse_bytes;
  std::optional<std::int64_t> alloc_bytes;
};

class Store {
 public:
  virtual ~Store() = default;

  // Keeps the profile as the target's snapshot of that moment. Appending the same moment again changes nothing.
  virtual Result<void> Append(const Labels& target, Time time, const HeapProfile& profile) = 0;

  virtual Result<std::vector<StoredTarget>> Targets() const = 0;
  virtual Result<std::vector<SnapshotInfo>> Snapshots(TargetId target, Time from, Time to) const = 0;

  // The profile as it was appended, value for value: of the last snapshot at or before `at`, with HeapProfile::time set to
  // that snapshot's moment.
  virtual Result<HeapProfile> ProfileAt(TargetId target, Time at) const = 0;

  // The series of all sites within [from, to].
  virtual Result<SiteWindow> Window(TargetId target, Time from, Time to,
                                    const SiteAttributor& attributor) const = 0;

  // Small named blobs that must survive a restart, written atomically: alert states, acknowledgements.
  virtual Result<void> PutState(std::string_view name, std::string_view blob) = 0;
  virtual Result<std::optional<std::string>> GetState(std::string_view name) const = 0;
};

}  // namespace heapwatch
