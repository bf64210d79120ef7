// The life of every alert, from first suspicion to resolved. Time is an argument; the state is
// plain data that is saved in the store after each step, so that a restart neither fires anew nor
// forgets. Not thread-safe: one evaluation at a time owns it.
//
// What a step sees of an alert's problem (bad, unknown, held, clear): see sighting.h.
//
//   phase    | sees        | and                              | becomes: what is sent
//   ---------+-------------+----------------------------------+-------------------------------
//   inactive | bad         |                                  | pending
//   pending  | bad         | not for `for` yet, or its        | pending
//            |             | version is too new               |
//   pending  | bad         | for `for`                        | firing: sent
//   pending  | unknown     |                                  | pending
//   pending  | held, clear |                                  | inactive
//   firing   | bad, held   |                                  | firing: every resend_delay
//   firing   | bad         | it pages where it was a ticket,  | firing: the one before as
//            |             | leaks where it only grew         | resolved, and the new one
//   firing   | any         | one for the whole service fires  | resolved: sent
//   firing   | unknown     |                                  | firing, and no less clear
//   firing   | clear       | for less than keep_firing_for    | firing
//   firing   | clear       | for keep_firing_for              | resolved: sent, endsAt passed
//   resolved | bad         |                                  | pending; the resolved one is
//            |             |                                  | sent on until it fires
//   resolved | any         | 15 minutes later, told to all    | inactive
//   resolved | any         | a day later                      | inactive
//
// Hysteresis is in two places, one for each direction. What makes an alert begin is a verdict that
// stands: VerdictTracker (analysis/trend) lets a verdict stand once three evaluations in a row have
// reached it, each on a heap not seen before, and PooledTracker does the like for what only all
// replicas together show; there is no second count here. What lets an alert end is here: the
// sighting must be clear for keep_firing_for without a break. So between two times that an alert
// begins to fire there lie at least keep_firing_for and `for`.
//
// A mute (an acknowledgement or the configuration) does not change the phase: an alert that is
// muted goes on unheard, is told as resolved if it had been told as firing, with a summary that
// says that it goes on, and is told again with its old start once the mute is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/acks.h"
#include "alerting/alert_log.h"
#include "alerting/alert_rules.h"
#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "alerting/sighting.h"
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
  std::string site_id;  // Site::id_text(): by which it is acknowledged
  std::string rule;     // the name of the rule that applies; "" for none
  std::optional<Mute> mute;
  std::optional<Evidence> evidence;
};

// How a finding is put into words; see message.h.
struct AlertText {
  Labels annotations;
  std::string generator_url;
  std::optional<Evidence> evidence;
  std::string finding_json;
};

// Evidence that must be kept while an alert lives, and for some time after.
struct AlertEvidence {
  std::string alert_id;  // the same as long as the alert lives
  Evidence evidence;
  std::optional<Time> resolved_at;
};

class AlertState {
 public:
  // Renders the text of a finding for an alert with these labels. Called when its alert fires or
  // escalates, and then hourly while its figures show it: it may read two snapshots and diff them.
  using Describe = std::function<AlertText(const Finding&, const Labels& labels)>;

  struct Outcome {
    std::vector<Alert> due;  // to be sent now
    std::vector<AlertChange> changes;
    std::size_t left_out = 0;  // problems not followed, as there were kMaxAlerts alerts already
  };

  // What a step goes by besides what was found.
  struct Circumstances {
    // Of the alerts that are on their way to a receiver: a resolved one is kept for so long, as
    // Save must name it.
    std::set<Labels> untold;
    // Where discovery has yet to find some jobs' targets, the others' names: what is not seen of
    // any other job may be there, whatever relabelling calls it. nullopt: all are found.
    std::optional<std::set<std::string>> found_jobs;
  };

  explicit AlertState(const Config& config);
  // For a reload: the alerts stay as they are and go on under the new rules.
  void Configure(const Config& config);

  // The sites GroupFindings must tell of, whatever their verdict.
  WatchedSites Watched() const;

  // Brings every alert up to date. `time` is that of the sending: ends_at of what fires counts from
  // it, and lasts for four times as long as it takes until the next one is sent.
  Outcome Step(const std::vector<Finding>& findings, const AckBook& acks, Time time,
               const Describe& describe, const Circumstances& circumstances = {});

  // Firing first, then pending, then resolved.
  std::vector<AlertView> Views() const;
  // Of all alerts that fire or were resolved lately.
  std::vector<AlertEvidence> Evidences() const;

  // JSON, with its version in it. Alerts of the labels `untold` are saved as not yet sent, so that
  // they are news again after a restart. Restore passes over entries that it cannot read, and gives
  // what they are and why; it fails with kCorrupt and changes nothing where the whole text cannot
  // be read.
  std::string Save(const std::set<Labels>& untold = {}) const;
  Result<std::vector<std::string>> Restore(std::string_view text);

  static constexpr std::size_t kMaxAlerts = 2000;

 private:
  friend struct AlertStateJson;

  struct Entry {
    AlertPhase phase = AlertPhase::kPending;
    FindingKey key;
    Site site;
    std::vector<Site> members;  // of a service-wide growth
    Labels labels;  // fixed when the alert begins, but for what escalates; they are its identity
    AlertText text;
    Time pending_since;
    Time last_bad;
    std::optional<Time> firing_since;
    std::optional<Time> clear_since;
    std::optional<Time> resolved_at;
    std::optional<Time> described_at;
    std::optional<Time> last_sent;  // in this phase
    AlertedFigures figures;
    std::optional<Mute> mute;

    // What lies ahead, as the clock was set back, counts as now; but for firing_since, by which
    // receivers know the alert.
    void CountFrom(Time now);
  };

  // One step under way.
  struct Now {
    Time time;
    const AckBook& acks;
    const Describe& describe;
    const Circumstances& circumstances;
    Time ends_at;  // of what fires
    std::map<FindingKey, const Finding*> findings;
    Outcome outcome;
  };

  std::vector<Finding> ServiceWide(const std::vector<Finding>& findings, const Now& now) const;
  void BeginNew(const std::vector<Finding>& findings, Now& now);
  void Advance(Entry& entry, Now& now, bool& stays);
  // Each returns false where the alert is to be forgotten.
  bool AdvancePending(Entry& entry, const Finding* finding, Now& now);
  bool AdvanceFiring(Entry& entry, const Finding* finding, Now& now);
  Sighting SightingOf(const Entry& entry, const Finding* finding, const Now& now) const;
  bool IsPartOfServiceWide(const FindingKey& key) const;
  static void SeeBad(Entry& entry, const Finding& finding, Now& now);
  void Fire(Entry& entry, const Finding& finding, Now& now);
  void Escalate(Entry& entry, const Finding& finding, Now& now);
  void Resolve(Entry entry, std::string why, Now& now);
  void UpdateMute(Entry& entry, Now& now);
  void TellAsResolved(Entry entry, std::string why, Time now);
  std::optional<Mute> MuteOf(const Labels& labels, const Site& site, const Now& now) const;
  void CollectDue(Entry& entry, Now& now) const;
  Labels SentLabels(const Entry& entry) const;
  static void Log(const Entry& entry, std::string_view state, std::string note, Now& now);

  AlertingConfig config_;
  AlertRules rules_;
  Duration evaluation_interval_{};
  Labels external_labels_;
  std::map<FindingKey, Entry> active_;  // pending and firing
  std::vector<Entry> resolved_;         // sent for a while longer
  std::optional<Time> last_step_;
};

}  // namespace heapwatch
