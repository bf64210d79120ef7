// The seam behind which history is kept: what was scraped goes in once, every series and every
// profile comes out of it.
//
// Append is durable when it returns. Everything may be called from any thread. Errors: kNotFound
// (no such target or moment), kCorrupt (names the key; the rest stays readable), kLimit (disk
// full), kUnavailable (I/O).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"
#include "watcher/store/pin.h"
#include "watcher/store/retention.h"
#include "watcher/store/target_id.h"

namespace heapwatch {

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

// Some sites of a target, each summed over its stacks: a value of each quantity for each moment.
struct SomeSeries {
  struct OfSite {
    Site site;
    // Empty where not every snapshot tells the quantity.
    std::array<std::vector<std::int64_t>, kQuantityCount> values;
  };
  std::vector<Time> times;
  std::vector<OfSite> sites;  // by function and line
};
using SiteFilter = std::function<bool(const Site&)>;

class Store {
 public:
  virtual ~Store() = default;

  // Keeps the profile as the target's snapshot of that moment. Appending the same moment again
  // changes nothing.
  virtual Result<void> Append(const Labels& target, Time time, const HeapProfile& profile) = 0;

  virtual Result<std::vector<StoredTarget>> Targets() const = 0;
  virtual Result<std::vector<SnapshotInfo>> Snapshots(TargetId target, Time from,
                                                      Time to) const = 0;

  // The profile as it was appended, value for value: of the last snapshot at or before `at`, with
  // HeapProfile::time set to that snapshot's moment.
  virtual Result<HeapProfile> ProfileAt(TargetId target, Time at) const = 0;

  // The series of all sites within [from, to]; SiteWindow::version is the target's label `version`.
  // Empty where the target is known and has no snapshot in that time.
  virtual Result<SiteWindow> Window(TargetId target, Time from, Time to,
                                    const SiteAttributor& attributor) const = 0;

  // Of the window only the sites that are `wanted`, and nothing that takes all sites to be told
  // (lives, repetitions): the fewer they are the less is read. Those that hold nothing are left
  // out.
  virtual Result<SomeSeries> Series(TargetId target, Time from, Time to,
                                    const SiteAttributor& attributor,
                                    const SiteFilter& wanted) const = 0;

  // Forgets what is too old at `now` and not pinned, and the targets that have nothing left. A
  // store may keep a few snapshots longer, where those beside them are told by what changed since.
  // An error where nothing could be done; where a part could not, the report tells.
  virtual Result<AgeingReport> Age(const Retention& retention, Time now) = 0;

  // Keeps the pin's spans from ageing until it expires or is removed. Putting a pin whose id is
  // known replaces that one, so that doing it again changes nothing; removing what is not there is
  // fine. Durable at once. What has been dropped or thinned out before does not come back.
  virtual Result<void> PutPin(const Pin& pin) = 0;
  virtual Result<void> RemovePin(std::string_view id) = 0;
  virtual Result<std::vector<Pin>> Pins() const = 0;

  // Small named blobs that must survive a restart, written atomically: alert states,
  // acknowledgements.
  virtual Result<void> PutState(std::string_view name, std::string_view blob) = 0;
  virtual Result<std::optional<std::string>> GetState(std::string_view name) const = 0;
};

}  // namespace heapwatch
