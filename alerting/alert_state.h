// The life of every alert, from first suspicion to resolved. Time is an argument; the state is
// plain data that is saved in the store after each step, so that a restart neither fires anew nor
// forgets. Not thread-safe: one evaluation at a time owns it.
//
// What a step sees of an alert's site:
//   bad      a leak (or a churn) on at least one replica
//   unknown  every replica that could tell is warming up after a restart
//   held     no leak any more, but too much like the one alerted to call it off: the upper bound
//            of its slope is still 25 % of the slope alerted, and less than half of the gain was
//            given back (churn: the rate is still 75 % of the one alerted); but a site that is
//            stable or has levelled off is held for six hours at most
//   clear    anything else, and a site or a version that is gone
//
//   phase    | sees        | and                              | becomes: what is sent
//   ---------+-------------+----------------------------------+-------------------------------
//   inactive | bad         |                                  | pending
//   pending  | bad         | not yet long or often enough     | pending
//   pending  | bad         | `evaluations` on distinct GC     | firing: sent
//            |             | cycles, and for `for`            |
//   pending  | unknown     |                                  | pending, and it is not counted
//   pending  | held, clear |                                  | inactive
//   firing   | bad, held   |                                  | firing: every resend_delay
//   firing   | bad         | it pages where it was a ticket   | firing: the ticket as resolved
//            |             |                                  | and the page
//   firing   | unknown     |                                  | firing, and no less clear
//   firing   | clear       | for less than keep_firing_for    | firing
//   firing   | clear       | for keep_firing_for              | resolved: sent, endsAt passed
//   resolved | bad         |                                  | pending; the resolved one is
//            |             |                                  | sent on until it fires
//   resolved | any         | 15 minutes later                 | inactive
//
// So an alert that has resolved fires again after `evaluations` new GC cycles at the earliest, and
// resolves after keep_firing_for at the earliest: it cannot flap faster than their sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "config/config.h"

namespace heapwatch {

enum class AlertPhase : std::uint8_t { kPending, kFiring, kResolved };
std::string_view ToString(AlertPhase phase);  // "pending", "firing", "resolved"

// What the API and the page show of an alert.
struct AlertView {
  AlertPhase phase = AlertPhase::kPending;
  Labels labels;
  Labels annotations;
  Time pending_since;
  std::optional<Time> firing_since;
  std::optional<Time> resolved_at;
  std::string site_id;  // Site::id_text()
};

// How a finding is put into words; see message.h.
struct AlertText {
  Labels annotations;
  std::string generator_url;
};

class AlertState {
 public:
  // Renders the text of a finding. Called when its alert fires or escalates, and then hourly while
  // its figures show it: it may read two snapshots and diff them.
  using Describe = std::function<AlertText(const Finding&)>;

  explicit AlertState(const Config& config);
  // For a reload: the alerts stay as they are and go on under the new rules.
  void Configure(const Config& config);

  // The sites GroupFindings must tell of, whatever their verdict.
  WatchedSites Watched() const;

  // Brings every alert up to date and returns those to send now.
  std::vector<Alert> Step(const std::vector<Finding>& findings, Time now, const Describe& describe);

  // Firing first, then pending, then resolved.
  std::vector<AlertView> Views() const;

  // JSON, with its version in it. Restore fails with kCorrupt and changes nothing where the text is
  // not of that form.
  std::string Save() const;
  Result<void> Restore(std::string_view text);

  // Suspicions not followed because there were kMaxAlerts already.
  std::uint64_t overflow_count() const { return overflow_count_; }

  static constexpr std::size_t kMaxAlerts = 2000;

 private:
  friend struct AlertStateJson;

  enum class Sighting : std::uint8_t { kBad, kUnknown, kHeld, kClear };

  struct Entry {
    AlertPhase phase = AlertPhase::kPending;
    FindingKey key;
    Site site;
    Labels labels;  // fixed when the alert begins; they are its identity
    AlertText text;
    Time pending_since;
    Time last_bad;
    std::optional<Time> firing_since;
    std::optional<Time> clear_since;
    std::optional<Time> resolved_at;
    std::optional<Time> described_at;
    std::optional<Time> last_sent;
    std::size_t evaluations = 0;
    std::uint64_t observation_count = 0;  // of the evaluation counted last
    // What was alerted, for hysteresis: the slope, or the allocation rate of a churn, both in bytes
    // per second.
    double alerted_rate = 0;
    double inuse_before_bytes = 0;
    double inuse_peak_bytes = 0;
  };

  Entry Begin(const Finding& finding, Time now) const;
  // Each returns false where the alert is to be forgotten.
  bool AdvancePending(Entry& entry, const Finding* finding, Time now, const Describe& describe);
  bool AdvanceFiring(Entry& entry, const Finding* finding, Time now, const Describe& describe);
  void Fire(Entry& entry, const Finding& finding, Time now, const Describe& describe);
  void Escalate(Entry& entry, const Finding& finding, Time now, const Describe& describe);
  void Resolve(Entry entry, const Finding* finding, Time now);
  static Sighting See(const Entry& entry, const Finding* finding, Time now);
  std::string_view SeverityOf(const Finding& finding) const;
  void CollectDue(Entry& entry, Time now, std::vector<Alert>& due) const;

  AlertingConfig rules_;
  Duration evaluation_interval_{};
  Labels external_labels_;
  std::map<FindingKey, Entry> active_;  // pending and firing
  std::vector<Entry> resolved_;         // sent for a while longer
  std::uint64_t overflow_count_ = 0;
};

}  // namespace heapwatch
