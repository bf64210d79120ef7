// From the verdict of each evaluation to the verdict that stands: what people are told changes
// rarely and for good reason.
//
//   - A verdict stands once it was reached in `evaluations` evaluations in a row, each with a heap
//     state not seen before. Letting a row of leaks bear up to three "growing" in between was
//     measured on 956 target-days: it takes 3 % off the delay and adds two false alerts to ten.
//   - A leak stands until its site has given back half of what it grew, has come to a standstill
//     (standstill.h), or has shown nothing for as long as a growth that begins mid-life is waited for
//     (patience.h). One that went on after a standstill has twice as long to go on the next time.
//     Measured on 1,579 target-days: what had levelled off stood as a leak for 1,560 h in all
//     instead of 1,900, and one leak more was told twice.
//   - A restart hides a leak but does not mend it: a standing leak goes on standing until the new
//     process has lived long enough to show it; under another name, too, where a new build has moved
//     it (cost_shift.h). But a cache fills anew in each life. So lives that were too short to tell
//     do not add up to one that tells: counting them together was measured on 2,106 target-days; it
//     finds six leaks more of 811, and of the false alerts it brings a quarter.
//   - What levelled off in an earlier life fills again in the next: that is no leak before it is
//     higher than it was then.
//
// One tracker per target, plain state, no clock: the same evaluations in the same order give the
// same verdicts, in the service and in a replay. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/site.h"
#include "analysis/series/site_window.h"
#include "analysis/trend/analyze.h"
#include "analysis/trend/timeline.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

// What is remembered of one site between two evaluations.
struct SiteSuspicion {
  // A growth that was not seen to end before the life did.
  struct Unended {
    double slope_bytes_per_second = 0;
    bool leaked = false;
  };

  struct Level {
    Time time;
    double inuse_bytes = 0;
  };

  VerdictKind standing = VerdictKind::kInsufficientData;
  VerdictKind candidate = VerdictKind::kInsufficientData;
  std::uint32_t streak = 0;           // evaluations in a row that reached `candidate`
  double slope_bytes_per_second = 0;  // of the last growth seen
  double growth_bytes = 0;            // of a standing leak, the most it had grown
  double work_bytes_per_second = 0;   // of the process, when the site was last seen leaking
  std::optional<Time> last_leaked;    // when that was
  unsigned standstills = 0;           // that a leak was cleared for
  double peak_inuse_bytes = 0;        // while the leak stands, in this life
  std::optional<Time> last_grown;     // when it was last seen growing or leaking
  bool only_patience_lacks = false;   // was all that lacked when it was last seen growing
  std::optional<Unended> before;      // in an earlier life, or of the site whose place it took
  bool from_earlier_life = false;     // a leak that stands, not seen in this life yet
  double most_inuse_bytes = 0;        // in this life
  double last_inuse_bytes = 0;
  // Where it stood, and no longer grew, at the end of an earlier life.
  std::optional<double> levelled_at_bytes;
  std::optional<Level> first;  // that was judged in this life
};

struct TrackerOptions {
  std::uint32_t evaluations = 3;
};

class VerdictTracker {
 public:
  explicit VerdictTracker(const TrackerOptions& options = {}) : options_(options) {}

  // Takes the verdicts of Analyze(window, end, trend) and returns those that stand; a standing
  // verdict that differs from the latest one has the latest one's figures and says so in its
  // reason.
  std::vector<Verdict> Step(const SiteWindow& window, std::size_t end,
                            std::vector<Verdict> verdicts, const TrendOptions& trend);

 private:
  // A verdict that differs from the latest.
  std::string WhyItStands(const SiteSuspicion& site) const;
  void BeginLife();
  // Lets a site that a new build brought take over what is known of the one it took the place of.
  void TakeOver(const SiteWindow& window, std::size_t end, const Verdict& verdict);
  void Settle(SiteSuspicion& site, Verdict& verdict, bool new_state, bool at_standstill,
              const TrendOptions& trend) const;
  // Keeps the pace of a leak, and tells whether one that stands has come to a standstill.
  static bool LookAtPace(SiteSuspicion& site, const SiteWindow& window, const Timeline& life,
                         const Verdict& verdict, const TrendOptions& trend);
  static bool MayClear(const SiteSuspicion& site, const Verdict& verdict,
                       const TrendOptions& trend);

  TrackerOptions options_;
  std::optional<Observation> last_;
  std::map<ContentHash, SiteSuspicion> sites_;
};

}  // namespace heapwatch
