#include "alerting/alert_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "alerting/message_words.h"
#include "alerting/service_growth.h"
#include "alerting/text.h"

namespace heapwatch {
namespace {

constexpr Duration kSendResolvedFor = std::chrono::minutes(15);
constexpr Duration kKeepUntoldFor = std::chrono::hours(24);
constexpr Duration kDescribeAgainAfter = std::chrono::hours(1);
constexpr std::size_t kMaxMembers = 100;

// A leak may stand for a while though its latest figures no longer show it, as after a restart:
// then the text that tells how it was found tells more than a new one would.
bool FiguresShowIt(const Finding& finding) {
  if (!finding.is_growth()) return true;
  if (finding.replicas.empty()) return false;
  return (finding.only_together() ? finding.pooled->slope_interval
                                  : finding.replicas.front().verdict.slope_interval)
             .low > 0;
}

bool OnlyStands(const Finding& finding) {
  return finding.problem == Problem::kGrowth && !finding.only_together() &&
         std::none_of(finding.replicas.begin(), finding.replicas.end(), [&](const auto& replica) {
           return replica.verdict.kind == finding.kind && !replica.verdict.only_stands;
         });
}

std::string WhyClear(const FindingKey& key, const Finding* finding) {
  if (key.problem == Problem::kTargetDown) return "None of its targets is down any more.";
  if (key.problem == Problem::kRegression) return "It allocates as the version before did.";
  if (finding == nullptr) return "It is no longer seen on any replica of this version.";
  const std::string why = "Now " + std::string(ToString(finding->kind));
  return why + (finding->reason.empty() ? "" : ": " + finding->reason) + ".";
}

std::string WhyMuted(const Mute& mute) {
  const std::string how =
      mute.by.empty() ? "Muted by the configuration" : "Acknowledged by " + mute.by;
  return how + " until " + FormatRfc3339(mute.until) + ": " + mute.reason;
}

// Receivers put "resolved" over what is said of it, and mean that nobody need act.
std::string GoesOnThough(const Mute& mute) {
  return mute.by.empty() ? "Muted, goes on: " : "Acknowledged, goes on: ";
}

// How urgent labels are: what escalates goes up.
int Urgency(const Labels& labels) {
  return (Get(labels, "severity") == kPage ? 2 : 0) +
         (Get(labels, "alertname") == "HeapGrowing" ? 0 : 1);
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

AlertState::AlertState(const Config& config) : rules_(config.alerting) { Configure(config); }

void AlertState::Configure(const Config& config) {
  config_ = config.alerting;
  rules_ = AlertRules(config.alerting);
  evaluation_interval_ = config.global.evaluation_interval;
  external_labels_ = config.global.external_labels;
}

WatchedSites AlertState::Watched() const {
  WatchedSites watched;
  for (const auto& [key, entry] : active_) {
    if (key.problem == Problem::kGrowth || key.problem == Problem::kChurn)
      watched.emplace(key, entry.site);
    for (const Site& site : entry.members)
      watched.emplace(FindingKey{Problem::kGrowth, key.service, key.version, site.id()}, site);
  }
  return watched;
}

void AlertState::Entry::CountFrom(Time now) {
  for (Time* time : {&pending_since, &last_bad}) *time = std::min(*time, now);
  for (std::optional<Time>* time : {&clear_since, &resolved_at, &described_at, &last_sent})
    if (*time) *time = std::min(**time, now);
}

AlertState::Outcome AlertState::Step(const std::vector<Finding>& findings, const AckBook& acks,
                                     Time time, const Describe& describe,
                                     const Circumstances& circumstances) {
  const Duration since_last = last_step_ ? time - *last_step_ : Duration(0);
  last_step_ = time;
  Now now{.time = time,
          .acks = acks,
          .describe = describe,
          .circumstances = circumstances,
          .ends_at = time + 4 * std::max({evaluation_interval_, config_.resend_delay, since_last}),
          .findings = {},
          .outcome = {}};
  for (auto& [key, entry] : active_) entry.CountFrom(time);
  for (Entry& entry : resolved_) entry.CountFrom(time);
  for (const Finding& finding : findings) now.findings.emplace(finding.key(), &finding);
  const std::vector<Finding> service_wide = ServiceWide(findings, now);
  for (const Finding& finding : service_wide) now.findings.emplace(finding.key(), &finding);
  BeginNew(service_wide, now);
  BeginNew(findings, now);

  std::erase_if(resolved_, [&](const Entry& e) {
    const bool is_told = e.mute || (e.last_sent && !circumstances.untold.contains(SentLabels(e)));
    return time - *e.resolved_at > (is_told ? kSendResolvedFor : kKeepUntoldFor);
  });
  // Those of whole services first: what they tell of, others need not.
  for (const bool wide : {true, false}) {
    for (auto it = active_.begin(); it != active_.end();) {
      bool stays = true;
      if ((it->first.problem == Problem::kServiceGrowth) == wide) Advance(it->second, now, stays);
      it = stays ? std::next(it) : active_.erase(it);
    }
  }
  for (auto& [key, entry] : active_) {
    if (entry.phase == AlertPhase::kPending && entry.pending_since == time)
      Log(entry, "pending", "", now);
    CollectDue(entry, now);
  }
  for (Entry& entry : resolved_)
    if (!entry.last_sent || time - *entry.resolved_at <= kSendResolvedFor) CollectDue(entry, now);
  return std::move(now.outcome);
}

std::vector<Finding> AlertState::ServiceWide(const std::vector<Finding>& findings,
                                             const Now& now) const {
  std::map<FindingKey, std::vector<Finding>> groups;
  for (const Finding& finding : findings) {
    if (finding.problem != Problem::kGrowth) continue;
    FindingKey group = ServiceGrowthKey(finding.service, finding.version);
    const auto active = active_.find(group);
    const bool is_member = active != active_.end() &&
                           std::find(active->second.members.begin(), active->second.members.end(),
                                     finding.site) != active->second.members.end();
    const Labels labels = IdentityLabels(finding);
    const bool is_wanted = IsWanted(finding, rules_.For(labels), now.time);
    if ((is_wanted || is_member) && !MuteOf(labels, finding.site, now))
      groups[std::move(group)].push_back(finding);
  }
  std::vector<Finding> joined;
  for (auto& [key, members] : groups)
    if (members.size() >= config_.group_sites_from || active_.contains(key))
      joined.push_back(JoinSites(std::move(members)));
  return joined;
}

void AlertState::BeginNew(const std::vector<Finding>& findings, Now& now) {
  for (const Finding& finding : findings) {
    FindingKey key = finding.key();
    if (active_.contains(key) || IsPartOfServiceWide(key)) continue;
    Labels labels = IdentityLabels(finding);
    if (!IsWanted(finding, rules_.For(labels), now.time)) continue;
    if (OnlyStands(finding)) continue;  // no news: it may just have been resolved
    if (active_.size() >= kMaxAlerts) {
      ++now.outcome.left_out;
      continue;
    }
    Entry entry;
    entry.key = key;
    entry.site = finding.site;
    entry.labels = std::move(labels);
    entry.pending_since = entry.last_bad = now.time;
    active_.emplace(std::move(key), std::move(entry));
  }
}

bool AlertState::IsPartOfServiceWide(const FindingKey& key) const {
  if (key.problem != Problem::kGrowth) return false;
  const auto wide = active_.find(ServiceGrowthKey(key.service, key.version));
  return wide != active_.end() && wide->second.phase == AlertPhase::kFiring;
}

void AlertState::Advance(Entry& entry, Now& now, bool& stays) {
  const auto found = now.findings.find(entry.key);
  const Finding* finding = found == now.findings.end() ? nullptr : found->second;
  stays = entry.phase == AlertPhase::kPending ? AdvancePending(entry, finding, now)
                                              : AdvanceFiring(entry, finding, now);
  if (stays) UpdateMute(entry, now);
}

Sighting AlertState::SightingOf(const Entry& entry, const Finding* finding, const Now& now) const {
  const auto& found = now.circumstances.found_jobs;
  const std::string job(Get(entry.labels, "job"));  // none: it is of several
  if (finding == nullptr && found && !found->contains(job)) return Sighting::kUnknown;
  return See(finding, rules_.For(entry.labels), entry.phase == AlertPhase::kFiring, entry.figures,
             entry.last_bad, now.time);
}

bool AlertState::AdvancePending(Entry& entry, const Finding* finding, Now& now) {
  if (IsPartOfServiceWide(entry.key)) return false;
  const AlertRule& rule = rules_.For(entry.labels);
  const Sighting sighting = SightingOf(entry, finding, now);
  if (sighting == Sighting::kUnknown) return true;
  if (sighting != Sighting::kBad) {
    if (entry.pending_since != now.time) Log(entry, "inactive", WhyClear(entry.key, finding), now);
    return false;
  }
  SeeBad(entry, *finding, now);
  const bool is_too_new =
      finding->watched_since && now.time - *finding->watched_since < rule.warm_up_after_deploy;
  if (now.time - entry.pending_since >= rule.hold_for && !is_too_new) Fire(entry, *finding, now);
  return true;
}

bool AlertState::AdvanceFiring(Entry& entry, const Finding* finding, Now& now) {
  if (IsPartOfServiceWide(entry.key)) {
    Resolve(entry, "It is told together with the other sites that leak.", now);
    return false;
  }
  const AlertRule& rule = rules_.For(entry.labels);
  switch (SightingOf(entry, finding, now)) {
    case Sighting::kUnknown:
      return true;
    case Sighting::kHeld:
      entry.clear_since.reset();
      return true;
    case Sighting::kClear:
      if (!entry.clear_since) entry.clear_since = now.time;
      if (now.time - *entry.clear_since < rule.keep_firing_for) return true;
      Resolve(entry, WhyClear(entry.key, finding), now);
      return false;
    case Sighting::kBad:
      break;
  }
  entry.clear_since.reset();
  SeeBad(entry, *finding, now);
  Labels labels = IdentityLabels(*finding);
  labels.insert_or_assign("severity", std::string(SeverityOf(*finding, rule)));
  if (Urgency(labels) > Urgency(entry.labels)) {
    Escalate(entry, *finding, now);
  } else if (now.time - *entry.described_at >= kDescribeAgainAfter && FiguresShowIt(*finding)) {
    entry.text = now.describe(*finding, entry.labels);
    entry.described_at = now.time;
  }
  return true;
}

void AlertState::SeeBad(Entry& entry, const Finding& finding, Now& now) {
  entry.last_bad = now.time;
  entry.figures.inuse_peak_bytes =
      std::max(entry.figures.inuse_peak_bytes, FiguresOf(finding).inuse_peak_bytes);
  for (const Finding& member : finding.members)
    if (entry.members.size() < kMaxMembers &&
        std::find(entry.members.begin(), entry.members.end(), member.site) == entry.members.end())
      entry.members.push_back(member.site);
}

void AlertState::Fire(Entry& entry, const Finding& finding, Now& now) {
  entry.phase = AlertPhase::kFiring;
  if (!entry.firing_since) entry.firing_since = now.time;
  entry.labels.insert_or_assign("alertname",
                                std::string(Get(IdentityLabels(finding), "alertname")));
  entry.labels.insert_or_assign("severity",
                                std::string(SeverityOf(finding, rules_.For(entry.labels))));
  entry.figures = FiguresOf(finding);
  entry.text = now.describe(finding, entry.labels);
  entry.described_at = now.time;
  entry.last_sent.reset();
  // To receivers the same labels are the same alert: it must not be called resolved any more.
  std::erase_if(resolved_, [&](const Entry& e) { return e.labels == entry.labels; });
  Log(entry, "firing", "", now);
}

void AlertState::Escalate(Entry& entry, const Finding& finding, Now& now) {
  Entry before = entry;
  Fire(entry, finding, now);
  if (before.last_sent)
    TellAsResolved(std::move(before),
                   Get(entry.labels, "severity") == kPage ? "It pages now." : "It is a leak now.",
                   now.time);
}

void AlertState::Resolve(Entry entry, std::string why, Now& now) {
  Log(entry, "resolved", why, now);
  TellAsResolved(std::move(entry), std::move(why), now.time);
}

void AlertState::TellAsResolved(Entry entry, std::string why, Time now) {
  entry.text.annotations.insert_or_assign("resolution", std::move(why));
  entry.phase = AlertPhase::kResolved;
  entry.resolved_at = now;
  entry.last_sent.reset();
  resolved_.push_back(std::move(entry));
}

std::optional<Mute> AlertState::MuteOf(const Labels& labels, const Site& site,
                                       const Now& now) const {
  if (auto mute = rules_.MuteOf(labels, now.time)) return mute;
  return now.acks.MuteOf(site.id_text(), Get(labels, "service"), Get(labels, "severity"), now.time);
}

void AlertState::UpdateMute(Entry& entry, Now& now) {
  std::optional<Mute> mute = MuteOf(entry.labels, entry.site, now);
  if (mute.has_value() == entry.mute.has_value()) {
    entry.mute = std::move(mute);
    return;
  }
  if (mute) {
    Log(entry, "muted", WhyMuted(*mute), now);
    if (entry.last_sent) {
      Entry told = entry;
      std::string& summary = told.text.annotations["summary"];
      summary = CutEnd(GoesOnThough(*mute) + summary, kMaxSummaryRunes);
      TellAsResolved(std::move(told), WhyMuted(*mute), now.time);
    }
  } else if (entry.phase == AlertPhase::kFiring) {
    Log(entry, "firing", "It is no longer muted.", now);
    std::erase_if(resolved_, [&](const Entry& e) { return e.labels == entry.labels; });
  }
  entry.last_sent.reset();
  entry.mute = std::move(mute);
}

void AlertState::CollectDue(Entry& entry, Now& now) const {
  if (entry.phase == AlertPhase::kPending || entry.mute) return;
  if (entry.last_sent && now.time - *entry.last_sent < config_.resend_delay) return;
  const bool is_news = !entry.last_sent;
  entry.last_sent = now.time;
  Alert alert{.labels = SentLabels(entry),
              .annotations = entry.text.annotations,
              .starts_at = std::min(*entry.firing_since, now.time),
              .ends_at = entry.resolved_at.value_or(now.ends_at),
              .generator_url = entry.text.generator_url,
              .is_resolved = entry.phase == AlertPhase::kResolved,
              .is_news = is_news,
              .evidence = entry.text.evidence,
              .finding_json = is_news ? entry.text.finding_json : ""};
  now.outcome.due.push_back(std::move(alert));
}

Labels AlertState::SentLabels(const Entry& entry) const {
  Labels labels = entry.labels;
  for (const auto& label : external_labels_) labels.insert(label);
  return labels;
}

void AlertState::Log(const Entry& entry, std::string_view state, std::string note, Now& now) {
  now.outcome.changes.push_back({.time = now.time,
                                 .state = std::string(state),
                                 .labels = entry.labels,
                                 .summary = std::string(Get(entry.text.annotations, "summary")),
                                 .note = std::move(note)});
}

std::vector<AlertView> AlertState::Views() const {
  std::vector<AlertView> views;
  const auto add = [&](const Entry& e) {
    views.push_back({.phase = e.phase,
                     .labels = e.labels,
                     .annotations = e.text.annotations,
                     .pending_since = e.pending_since,
                     .firing_since = e.firing_since,
                     .resolved_at = e.resolved_at,
                     .site_id = e.site.id_text(),
                     .rule = rules_.For(e.labels).name,
                     .mute = e.mute,
                     .evidence = e.text.evidence});
  };
  for (const AlertPhase phase : {AlertPhase::kFiring, AlertPhase::kPending})
    for (const auto& [key, entry] : active_)
      if (entry.phase == phase) add(entry);
  for (const Entry& entry : resolved_) add(entry);
  return views;
}

std::vector<AlertEvidence> AlertState::Evidences() const {
  // One that was muted or has escalated stands among the resolved ones as well: it lives on.
  std::map<std::string, AlertEvidence> by_id;
  const auto add = [&](const Entry& e) {
    if (!e.text.evidence) return;
    const std::string id = std::string(ToString(e.key.problem)) + "/" + e.key.service + "/" +
                           e.key.version + "/" + e.site.id_text() + "/" +
                           std::to_string(ToUnixMillis(*e.firing_since));
    by_id.emplace(id, AlertEvidence{id, *e.text.evidence, e.resolved_at});
  };
  for (const auto& [key, entry] : active_) add(entry);
  for (const Entry& entry : resolved_) add(entry);
  std::vector<AlertEvidence> evidences;
  for (auto& [id, evidence] : by_id) evidences.push_back(std::move(evidence));
  return evidences;
}

}  // namespace heapwatch
