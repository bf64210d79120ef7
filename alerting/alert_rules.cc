#include "alerting/alert_rules.h"

#include <re2/re2.h>

#include <algorithm>

#include "analysis/base/whole_match.h"
#include "config/alert_labels.h"

namespace heapwatch {
namespace {

constexpr double kSecondsPerHour = 3600;
// Of what its process allocates: what regresses below it does no harm.
constexpr double kMinRegressionShare = 0.05;

std::string_view AlertName(const Finding& finding) {
  switch (finding.problem) {
    case Problem::kGrowth:
      return finding.kind == VerdictKind::kGrowing ? "HeapGrowing" : "HeapLeak";
    case Problem::kServiceGrowth:
      return "HeapLeakServiceWide";
    case Problem::kChurn:
      return "HeapGCChurn";
    case Problem::kRegression:
      return "HeapRegression";
    case Problem::kTargetDown:
      return "HeapWatchTargetDown";
  }
  return "";
}

bool HasSite(const Finding& finding) {
  return finding.problem != Problem::kServiceGrowth && finding.problem != Problem::kTargetDown;
}

std::optional<AlertOn> AlertOnOf(const Finding& finding) {
  switch (finding.problem) {
    case Problem::kGrowth:
    case Problem::kServiceGrowth:
      if (finding.kind == VerdictKind::kLeak) return AlertOn::kLeak;
      if (finding.kind == VerdictKind::kGrowing) return AlertOn::kGrowing;
      return std::nullopt;
    case Problem::kChurn:
      if (finding.kind == VerdictKind::kChurn) return AlertOn::kChurn;
      return std::nullopt;
    case Problem::kRegression:
      return AlertOn::kRegression;
    case Problem::kTargetDown:
      return AlertOn::kTargetDown;
  }
  return std::nullopt;
}

bool GrowsEnough(const Finding& finding, const ReplicaVerdict& replica, const AlertRule& rule,
                 double slack) {
  const Verdict& v = replica.verdict;
  const double slope =
      finding.only_together() ? finding.pooled->slope_bytes_per_second : v.slope_bytes_per_second;
  if (slope * kSecondsPerHour < slack * rule.min_slope_bytes_per_hour) return false;
  if (v.inuse_bytes < slack * rule.min_size_bytes) return false;
  if (v.inuse_bytes < slack * rule.min_share_of_heap * replica.process_inuse_bytes) return false;
  if (!rule.limit_within) return true;
  return v.seconds_to_limit && slack * v.seconds_to_limit->low <= Seconds(*rule.limit_within);
}

bool ChurnsEnough(const ReplicaVerdict& replica, const AlertRule& rule, double slack) {
  const double rate = replica.verdict.alloc_bytes_per_second.value_or(0);
  return rate >= slack * rule.min_churn_bytes_per_second &&
         rate >= slack * rule.min_churn_share * replica.process_alloc_bytes_per_second;
}

}  // namespace

bool MatchesAnAlertName(const Labels& match) {
  const auto asked = match.find("alertname");
  if (asked == match.end()) return true;
  const re2::RE2 pattern(asked->second, re2::RE2::Quiet);
  return std::any_of(kAlertNames.begin(), kAlertNames.end(),
                     [&](std::string_view name) { return MatchesWhole(name, pattern); });
}

AlertRules::AlertRules(const AlertingConfig& config) : defaults_(config.defaults) {
  for (const AlertRule& rule : config.rules) rules_.emplace_back(Compile(rule.match), rule);
  for (const MuteConfig& mute : config.mutes) mutes_.emplace_back(Compile(mute.match), mute);
}

AlertRules::~AlertRules() = default;
AlertRules::AlertRules(AlertRules&&) noexcept = default;
AlertRules& AlertRules::operator=(AlertRules&&) noexcept = default;

AlertRules::Matchers AlertRules::Compile(const Labels& match) {
  Matchers matchers;
  for (const auto& [label, pattern] : match)
    matchers.push_back({label, std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet)});
  return matchers;
}

bool AlertRules::Matches(const Matchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    return MatchesWhole(Get(labels, matcher.label), *matcher.pattern);
  });
}

const AlertRule& AlertRules::For(const Labels& labels) const {
  for (const auto& [matchers, rule] : rules_)
    if (Matches(matchers, labels)) return rule;
  return defaults_;
}

std::optional<Mute> AlertRules::MuteOf(const Labels& labels, Time now) const {
  for (const auto& [matchers, mute] : mutes_)
    if (now < mute.until && Matches(matchers, labels))
      return Mute{.by = "", .reason = mute.reason, .until = mute.until};
  return std::nullopt;
}

Labels IdentityLabels(const Finding& finding) {
  Labels labels = {{"alertname", std::string(AlertName(finding))}, {"service", finding.service}};
  if (HasSite(finding)) {
    labels.emplace("site", finding.site.id_text());
    labels.emplace("function", finding.site.function);
  }
  if (!finding.version.empty()) labels.emplace("version", finding.version);
  for (const auto& [name, value] : finding.common_labels)
    labels.emplace(IsOwnAlertLabel(name) ? "exported_" + name : name, value);
  return labels;
}

bool IsWanted(const Finding& finding, const AlertRule& rule, Time now, double slack) {
  const auto on = AlertOnOf(finding);
  if (!on || std::find(rule.alert_on.begin(), rule.alert_on.end(), *on) == rule.alert_on.end())
    return false;
  switch (finding.problem) {
    case Problem::kGrowth:
    case Problem::kServiceGrowth:
      return std::any_of(finding.replicas.begin(), finding.replicas.end(),
                         [&](const auto& r) { return GrowsEnough(finding, r, rule, slack); });
    case Problem::kChurn:
      return std::any_of(finding.replicas.begin(), finding.replicas.end(),
                         [&](const auto& r) { return ChurnsEnough(r, rule, slack); });
    case Problem::kRegression:
      return std::any_of(
          finding.replicas.begin(), finding.replicas.end(), [&](const ReplicaVerdict& r) {
            const double rate = r.verdict.alloc_bytes_per_second.value_or(0);
            return rate >= slack * rule.min_regression_bytes_per_second &&
                   rate >= slack * kMinRegressionShare * r.process_alloc_bytes_per_second;
          });
    case Problem::kTargetDown:
      return std::any_of(finding.down.begin(), finding.down.end(), [&](const DownTarget& target) {
        return now - target.since >= rule.target_down_for;
      });
  }
  return false;
}

std::string_view SeverityOf(const Finding& finding, const AlertRule& rule) {
  if (!finding.is_growth()) return kTicket;
  for (const ReplicaVerdict& replica : finding.replicas) {
    const auto& limit = replica.verdict.seconds_to_limit;
    if (limit && limit->high <= Seconds(rule.page_within)) return kPage;
  }
  return kTicket;
}

}  // namespace heapwatch
