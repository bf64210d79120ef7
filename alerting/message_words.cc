#include "alerting/message_words.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "alerting/text.h"
#include "analysis/base/time.h"
#include "analysis/base/units.h"
#include "analysis/base/utf8.h"
#include "analysis/trend/explain.h"

namespace heapwatch {
namespace {

// "9-13 h", "40-70 min", "3-5 d", "9 h or more".
std::string TimeRange(Interval seconds) {
  const double low = std::max(0.0, seconds.low);
  const auto [unit, name] = low < 5400      ? std::pair(60.0, "min")
                            : low < 259'200 ? std::pair(3600.0, "h")
                                            : std::pair(86'400.0, "d");
  const std::string from = FormatFixed(std::floor(low / unit), 0);
  // Beyond ten times the lower bound the upper one says no more than that it may take longer.
  if (!(seconds.high <= 10 * std::max(low, unit))) return from + " " + name + " or more";
  return FormatRange(from, FormatFixed(std::ceil(seconds.high / unit), 0)) + " " + name;
}

// Go's import path says little to whoever knows the service:
// "github.com/acme/shop/cache.(*Store).Set" is "cache.(*Store).Set".
std::string ShortFunction(std::string_view function) {
  const std::size_t stop = function.find_first_of("([<{ ");
  const std::size_t slash = function.substr(0, stop).rfind('/');
  return std::string(slash == std::string_view::npos ? function : function.substr(slash + 1));
}

std::string ShortSite(const Site& site) {
  Site copy = site;
  copy.function = ShortFunction(site.function);
  return copy.ToString();
}

// " leaks 3.1 MiB/h (2.6-3.7)", " allocates 2.1 times as much for the same load (12 MiB/s)".
std::string Does(const Finding& finding) {
  const std::string rate = Rate(finding);
  switch (finding.problem) {
    case Problem::kChurn:
      return " churns " + rate;
    case Problem::kRegression: {
      const double ratio = finding.change ? finding.change->alloc_ratio.value_or(0) : 0;
      return " allocates " + FormatFixed(ratio, 1) + " times as much for the same load (" + rate +
             ")";
    }
    case Problem::kServiceGrowth:
      return (finding.kind == VerdictKind::kGrowing ? " grow " : " leak ") + rate;
    default:
      return (finding.kind == VerdictKind::kGrowing ? " grows " : " leaks ") + rate;
  }
}

// ", 18 of 48 replicas since v2.4", " on 10.0.0.1:6060 of v2.4": since only where the version
// before is known not to have it.
std::string Spread(const Finding& finding) {
  const auto count = [](std::size_t n) { return FormatCount(static_cast<std::int64_t>(n)); };
  std::string text = finding.replica_count > 1
                         ? ", " + count(finding.replicas.size()) + " of " +
                               count(finding.replica_count) + " replicas"
                         : " on " + ReplicaName(finding.replicas.front().target);
  if (!finding.version.empty())
    text += (IsNewInVersion(finding) ? " since " : " of ") + finding.version;
  return text;
}

std::string Limit(const Finding& finding) {
  const ReplicaVerdict* soonest = SoonestAtLimit(finding);
  if (soonest == nullptr) return "";
  const Interval& limit = *soonest->verdict.seconds_to_limit;
  return limit.high <= 0 ? ", limit reached" : ", limit in " + TimeRange(limit);
}

// "5 sites" of a service-wide growth.
std::string SiteCount(const Finding& finding) {
  const auto leaking =
      std::count_if(finding.members.begin(), finding.members.end(),
                    [&](const Finding& member) { return member.kind == finding.kind; });
  return std::to_string(leaking) + " sites together";
}

// "checkout: no heap profile from 3 of 48 targets: 10.0.0.1:6060, 10.0.0.2:6060 and 1 more"
std::string DownSummary(const Finding& finding) {
  const std::size_t down = finding.down.size();
  std::string text = ToUtf8(finding.service) + ": no heap profile from ";
  if (finding.replica_count > 1)
    text += FormatCount(static_cast<std::int64_t>(down)) + " of " +
            FormatCount(static_cast<std::int64_t>(finding.replica_count)) + " targets: ";
  constexpr std::size_t kNamed = 2;
  for (std::size_t i = 0; i < std::min(kNamed, down); ++i)
    text += (i == 0 ? "" : ", ") + ToUtf8(ReplicaName(finding.down[i].target));
  if (down > kNamed) text += " and " + std::to_string(down - kNamed) + " more";
  return CutEnd(text, kMaxSummaryRunes);
}

}  // namespace

bool IsNewInVersion(const Finding& finding) {
  if (!finding.change) return false;
  if (finding.problem == Problem::kRegression) return true;
  return finding.is_growth() && finding.change->growth_is_new &&
         finding.change->slope_interval_before.low <= 0;
}

const ReplicaVerdict* SoonestAtLimit(const Finding& finding) {
  if (!finding.is_growth()) return nullptr;
  const ReplicaVerdict* soonest = nullptr;
  const auto key = [](const ReplicaVerdict& replica) {
    const Interval& limit = *replica.verdict.seconds_to_limit;
    return std::pair(limit.high, limit.low);
  };
  for (const ReplicaVerdict& replica : finding.replicas) {
    const auto& limit = replica.verdict.seconds_to_limit;
    if (!limit || limit->low > 365 * 86'400.0) continue;
    if (soonest == nullptr || key(replica) < key(*soonest)) soonest = &replica;
  }
  return soonest;
}

std::string Rate(const Finding& finding, const Verdict& verdict) {
  if (!finding.is_growth()) return FormatBytesPerSecond(verdict.alloc_bytes_per_second.value_or(0));
  return SlopeText(verdict.slope_bytes_per_second, verdict.slope_interval);
}

std::string Rate(const Finding& finding) {
  if (!finding.only_together()) return Rate(finding, finding.replicas.front().verdict);
  return SlopeText(finding.pooled->slope_bytes_per_second, finding.pooled->slope_interval) +
         " each";
}

std::string ReplicaName(const Labels& target) {
  const std::string_view instance = Get(target, "instance");
  return instance.empty() ? ToString(target) : std::string(instance);
}

std::string Summary(const Finding& finding) {
  if (finding.problem == Problem::kTargetDown) return DownSummary(finding);
  const std::string service = finding.service + ": ";
  const std::string tail = Does(finding) + Spread(finding) + Limit(finding);
  const std::size_t room =
      kMaxSummaryRunes - std::min(kMaxSummaryRunes, CountRunes(service + tail));
  std::string site = ToUtf8(finding.problem == Problem::kServiceGrowth ? SiteCount(finding)
                                                                       : ShortSite(finding.site));
  // Of a long name the end tells most; of a line too long for any name the verdict is what must
  // stay.
  constexpr std::size_t kLeastSite = 12;
  if (CountRunes(site) > room) site = CutBegin(site, std::max(room, kLeastSite));
  return CutEnd(ToUtf8(service) + site + ToUtf8(tail), kMaxSummaryRunes);
}

}  // namespace heapwatch
