#include "alerting/alert_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace heapwatch {
namespace {

constexpr Duration kSendResolvedFor = std::chrono::minutes(15);
constexpr Duration kDescribeAgainAfter = std::chrono::hours(1);
constexpr double kClearBelowSlopeShare = 0.25;
constexpr double kClearBelowChurnShare = 0.75;
constexpr double kGainGivenBack = 0.5;
// An interval can stay wide for as long as the site is noisy.
constexpr Duration kHoldAtMost = std::chrono::hours(6);

constexpr std::string_view kPage = "page";
constexpr std::string_view kTicket = "ticket";

double MaxOf(const Finding& finding, double (*read)(const Verdict&)) {
  double max = 0;
  for (const ReplicaVerdict& replica : finding.replicas) max = std::max(max, read(replica.verdict));
  return max;
}

double RateOf(const Finding& finding) {
  return finding.is_churn
             ? MaxOf(finding, [](const Verdict& v) { return v.alloc_bytes_per_second.value_or(0); })
             : MaxOf(finding, [](const Verdict& v) { return v.slope_bytes_per_second; });
}

double InuseOf(const Finding& finding) {
  return MaxOf(finding, [](const Verdict& v) { return v.inuse_bytes; });
}

// A leak may stand for a while though its latest figures no longer show it, as after a restart:
// then the text that tells how it was found tells more than a new one would.
bool FiguresShowIt(const Finding& finding) {
  return finding.is_churn || finding.replicas.front().verdict.slope_interval.low > 0;
}

Labels IdentityLabels(const Finding& finding) {
  Labels labels = {{"alertname", finding.is_churn ? "HeapGCChurn" : "HeapLeak"},
                   {"service", finding.service},
                   {"site", finding.site.id_text()},
                   {"function", finding.site.function}};
  if (!finding.version.empty()) labels.emplace("version", finding.version);
  for (const auto& [name, value] : finding.common_labels)
    if (!labels.emplace(name, value).second) labels.emplace("exported_" + name, value);
  return labels;
}

}  // namespace

std::string_view ToString(AlertPhase phase) {
  switch (phase) {
    case AlertPhase::kPending:
      return "pending";
    case AlertPhase::kFiring:
      return "firing";
    case AlertPhase::kResolved:
      return "resolved";
  }
  return "unknown";
}

AlertState::AlertState(const Config& config) { Configure(config); }

void AlertState::Configure(const Config& config) {
  rules_ = config.alerting;
  evaluation_interval_ = config.global.evaluation_interval;
  external_labels_ = config.global.external_labels;
}

WatchedSites AlertState::Watched() const {
  WatchedSites watched;
  for (const auto& [key, entry] : active_) watched.emplace(key, entry.site);
  return watched;
}

std::vector<Alert> AlertState::Step(const std::vector<Finding>& findings, Time now,
                                    const Describe& describe) {
  std::map<FindingKey, const Finding*> by_key;
  for (const Finding& finding : findings) {
    const FindingKey key = finding.key();
    by_key.emplace(key, &finding);
    if (!finding.is_alerting() || active_.contains(key)) continue;
    if (active_.size() >= kMaxAlerts) {
      ++overflow_count_;
    } else {
      active_.emplace(key, Begin(finding, now));
    }
  }
  std::erase_if(resolved_, [&](const Entry& e) { return now - *e.resolved_at > kSendResolvedFor; });
  for (auto it = active_.begin(); it != active_.end();) {
    Entry& entry = it->second;
    const auto found = by_key.find(it->first);
    const Finding* finding = found == by_key.end() ? nullptr : found->second;
    const bool stays = entry.phase == AlertPhase::kPending
                           ? AdvancePending(entry, finding, now, describe)
                           : AdvanceFiring(entry, finding, now, describe);
    it = stays ? std::next(it) : active_.erase(it);
  }
  std::vector<Alert> due;
  for (auto& [key, entry] : active_) CollectDue(entry, now, due);
  for (Entry& entry : resolved_) CollectDue(entry, now, due);
  return due;
}

AlertState::Entry AlertState::Begin(const Finding& finding, Time now) const {
  Entry entry;
  entry.key = finding.key();
  entry.site = finding.site;
  entry.labels = IdentityLabels(finding);
  entry.pending_since = now;
  entry.last_bad = now;
  return entry;
}

AlertState::Sighting AlertState::See(const Entry& entry, const Finding* finding, Time now) {
  if (finding == nullptr) return Sighting::kClear;
  if (finding->is_alerting()) return Sighting::kBad;
  if (finding->kind == VerdictKind::kInsufficientData) return Sighting::kUnknown;
  const bool is_flat = finding->kind != VerdictKind::kGrowing;
  if (is_flat && now - entry.last_bad >= kHoldAtMost) return Sighting::kClear;
  if (finding->is_churn)
    return RateOf(*finding) >= kClearBelowChurnShare * entry.alerted_rate ? Sighting::kHeld
                                                                          : Sighting::kClear;
  const double upper = MaxOf(*finding, [](const Verdict& v) { return v.slope_interval.high; });
  if (upper < kClearBelowSlopeShare * entry.alerted_rate) return Sighting::kClear;
  // While it still grows, less memory than before only means that the process began anew.
  const double gain_bytes = entry.inuse_peak_bytes - entry.inuse_before_bytes;
  const bool gave_back = InuseOf(*finding) < entry.inuse_peak_bytes - kGainGivenBack * gain_bytes;
  return is_flat && gave_back ? Sighting::kClear : Sighting::kHeld;
}

bool AlertState::AdvancePending(Entry& entry, const Finding* finding, Time now,
                                const Describe& describe) {
  const Sighting sighting = See(entry, finding, now);
  if (sighting == Sighting::kUnknown) return true;
  if (sighting != Sighting::kBad) return false;
  if (entry.evaluations == 0 || finding->observation_count != entry.observation_count) {
    ++entry.evaluations;
    entry.observation_count = finding->observation_count;
  }
  if (entry.evaluations >= rules_.evaluations && now - entry.pending_since >= rules_.hold_for)
    Fire(entry, *finding, now, describe);
  return true;
}

bool AlertState::AdvanceFiring(Entry& entry, const Finding* finding, Time now,
                               const Describe& describe) {
  switch (See(entry, finding, now)) {
    case Sighting::kUnknown:
      return true;
    case Sighting::kHeld:
      entry.clear_since.reset();
      return true;
    case Sighting::kClear:
      if (!entry.clear_since) entry.clear_since = now;
      if (now - *entry.clear_since < rules_.keep_firing_for) return true;
      Resolve(std::move(entry), finding, now);
      return false;
    case Sighting::kBad:
      break;
  }
  entry.clear_since.reset();
  entry.last_bad = now;
  entry.inuse_peak_bytes = std::max(entry.inuse_peak_bytes, InuseOf(*finding));
  if (SeverityOf(*finding) == kPage && Get(entry.labels, "severity") != kPage) {
    Escalate(entry, *finding, now, describe);
  } else if (now - *entry.described_at >= kDescribeAgainAfter && FiguresShowIt(*finding)) {
    entry.text = describe(*finding);
    entry.described_at = now;
  }
  return true;
}

void AlertState::Fire(Entry& entry, const Finding& finding, Time now, const Describe& describe) {
  entry.phase = AlertPhase::kFiring;
  entry.firing_since = now;
  entry.last_bad = now;
  entry.labels.insert_or_assign("severity", std::string(SeverityOf(finding)));
  entry.alerted_rate = RateOf(finding);
  entry.inuse_peak_bytes = InuseOf(finding);
  entry.inuse_before_bytes =
      entry.inuse_peak_bytes - MaxOf(finding, [](const Verdict& v) { return v.growth_bytes; });
  entry.text = describe(finding);
  entry.described_at = now;
  // To receivers the same labels are the same alert: it must not be called resolved any more.
  std::erase_if(resolved_, [&](const Entry& e) { return e.labels == entry.labels; });
}

void AlertState::Escalate(Entry& entry, const Finding& finding, Time now,
                          const Describe& describe) {
  Entry ticket = entry;
  ticket.text.annotations.insert_or_assign("resolution", "It pages now.");
  ticket.phase = AlertPhase::kResolved;
  ticket.resolved_at = now;
  ticket.last_sent.reset();
  const Time firing_since = *entry.firing_since;
  entry.last_sent.reset();
  Fire(entry, finding, now, describe);
  entry.firing_since = firing_since;
  resolved_.push_back(std::move(ticket));
}

void AlertState::Resolve(Entry entry, const Finding* finding, Time now) {
  std::string why = "The site is no longer seen on any replica of this version.";
  if (finding != nullptr) {
    why = "Now " + std::string(ToString(finding->kind));
    if (!finding->replicas.empty() && !finding->replicas.front().verdict.reason.empty())
      why += ": " + finding->replicas.front().verdict.reason;
    why += ".";
  }
  entry.text.annotations.insert_or_assign("resolution", std::move(why));
  entry.phase = AlertPhase::kResolved;
  entry.resolved_at = now;
  entry.last_sent.reset();
  resolved_.push_back(std::move(entry));
}

std::string_view AlertState::SeverityOf(const Finding& finding) const {
  for (const ReplicaVerdict& replica : finding.replicas) {
    const auto& limit = replica.verdict.seconds_to_limit;
    if (!finding.is_churn && limit && limit->high <= Seconds(rules_.page_within)) return kPage;
  }
  return kTicket;
}

void AlertState::CollectDue(Entry& entry, Time now, std::vector<Alert>& due) const {
  if (entry.phase == AlertPhase::kPending) return;
  if (entry.last_sent && now - *entry.last_sent < rules_.resend_delay) return;
  entry.last_sent = now;
  Alert alert{.labels = entry.labels,
              .annotations = entry.text.annotations,
              .starts_at = *entry.firing_since,
              .ends_at = entry.resolved_at.value_or(
                  now + 4 * std::max(evaluation_interval_, rules_.resend_delay)),
              .generator_url = entry.text.generator_url};
  for (const auto& label : external_labels_) alert.labels.insert(label);
  due.push_back(std::move(alert));
}

std::vector<AlertView> AlertState::Views() const {
  std::vector<AlertView> views;
  const auto add = [&](const Entry& e) {
    views.push_back({e.phase, e.labels, e.text.annotations, e.pending_since, e.firing_since,
                     e.resolved_at, e.site.id_text()});
  };
  for (const AlertPhase phase : {AlertPhase::kFiring, AlertPhase::kPending})
    for (const auto& [key, entry] : active_)
      if (entry.phase == phase) add(entry);
  for (const Entry& entry : resolved_) add(entry);
  return views;
}

}  // namespace heapwatch
