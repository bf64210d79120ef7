#include "alerting/message.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string_view>

#include "alerting/text.h"
#include "analysis/base/time.h"
#include "analysis/base/units.h"
#include "analysis/base/utf8.h"

namespace heapwatch {
namespace {

constexpr std::size_t kReplicasNamed = 5;
constexpr double kSecondsPerHour = 3600;

std::string Fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

// "2.6-3.7", or "-0.2 to 3.7" where a dash would be read as a sign.
std::string Range(const std::string& low, const std::string& high) {
  if (low == high) return low;
  return low + (low.starts_with('-') ? " to " : "-") + high;
}

// "3.1 MiB/h (2.6-3.7)": the interval in the unit of the value.
std::string RateWithInterval(double bytes_per_second, Interval interval) {
  const double per_hour = bytes_per_second * kSecondsPerHour;
  double unit = 1;
  while (std::fabs(per_hour) / unit >= 1023.95 && unit < 0x1p50) unit *= 1024;
  const auto in_unit = [&](double x) {
    const double value = x * kSecondsPerHour / unit;
    return Fixed(value, std::fabs(value) >= 99.95 ? 0 : 1);
  };
  return FormatBytesPerHour(per_hour) + " (" +
         Range(in_unit(interval.low), in_unit(interval.high)) + ")";
}

// "9-13 h", "40-70 min", "3-5 d", "9 h or more".
std::string TimeRange(Interval seconds) {
  const double low = std::max(0.0, seconds.low);
  const auto [unit, name] = low < 5400      ? std::pair(60.0, "min")
                            : low < 259'200 ? std::pair(3600.0, "h")
                                            : std::pair(86'400.0, "d");
  const std::string from = Fixed(std::floor(low / unit), 0);
  // Beyond ten times the lower bound the upper one says no more than that it may take longer.
  if (!(seconds.high <= 10 * std::max(low, unit))) return from + " " + name + " or more";
  return Range(from, Fixed(std::ceil(seconds.high / unit), 0)) + " " + name;
}

// Of the replica that gets there first. Nothing where no limit is known, or it is more than a year
// away.
std::optional<Interval> SoonestLimit(const Finding& finding) {
  std::optional<Interval> soonest;
  for (const ReplicaVerdict& replica : finding.replicas) {
    const auto& limit = replica.verdict.seconds_to_limit;
    if (!limit || limit->low > 365 * 86'400.0) continue;
    if (!soonest || limit->high < soonest->high ||
        (limit->high == soonest->high && limit->low < soonest->low))
      soonest = limit;
  }
  return soonest;
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

std::string ReplicaName(const Labels& target) {
  const std::string_view instance = Get(target, "instance");
  return instance.empty() ? ToString(target) : std::string(instance);
}

std::string Rate(const Finding& finding, const Verdict& verdict) {
  if (finding.is_churn) return FormatBytesPerSecond(verdict.alloc_bytes_per_second.value_or(0));
  return RateWithInterval(verdict.slope_bytes_per_second, verdict.slope_interval);
}

// ", 18 of 48 replicas since v2.4", " on 10.0.0.1:6060 since v2.4".
std::string Spread(const Finding& finding) {
  const auto count = [](std::size_t n) { return FormatCount(static_cast<std::int64_t>(n)); };
  std::string text = finding.replica_count > 1
                         ? ", " + count(finding.replicas.size()) + " of " +
                               count(finding.replica_count) + " replicas"
                         : " on " + ReplicaName(finding.replicas.front().target);
  if (!finding.version.empty()) text += " since " + finding.version;
  return text;
}

std::string Limit(const Finding& finding) {
  const auto limit = SoonestLimit(finding);
  return limit && !finding.is_churn ? ", limit in " + TimeRange(*limit) : "";
}

std::string Replicas(const Finding& finding) {
  std::string text = FormatCount(static_cast<std::int64_t>(finding.replicas.size())) + " of " +
                     FormatCount(static_cast<std::int64_t>(finding.replica_count)) +
                     ", worst first:";
  for (std::size_t i = 0; i < std::min(kReplicasNamed, finding.replicas.size()); ++i) {
    const ReplicaVerdict& replica = finding.replicas[i];
    text +=
        (i == 0 ? " " : "; ") + ReplicaName(replica.target) + " " + Rate(finding, replica.verdict);
  }
  if (finding.replicas.size() > kReplicasNamed)
    text += "; and " + std::to_string(finding.replicas.size() - kReplicasNamed) + " more";
  return text;
}

std::string Confidence(const Verdict& v) {
  std::string text = "the gain of " + FormatBytes(v.growth_bytes) + " from " +
                     FormatRfc3339(v.from) + " to " + FormatRfc3339(v.to) +
                     " has a standard error of " + FormatBytes(v.growth_standard_error);
  if (v.effective_n >= 1)
    text +=
        " and rests on " + FormatCount(std::llround(v.effective_n)) + " independent observations";
  text += ".";
  if (v.retention)
    text += " Of 100 objects allocated there, " +
            Fixed(100 * *v.retention, *v.retention < 0.1 ? 1 : 0) + " stay.";
  return text;
}

std::string RuledOut(const Finding& finding) {
  if (finding.is_churn) return "a leak: the memory held there does not grow.";
  return "a restart or a deploy (all of it lies within one life of one build), the noise of "
         "sampling, "
         "and a cache that fills up (it would have levelled off).";
}

// Whole lines as far as they fit.
std::string FitLines(std::string_view text, std::size_t max_runes) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (CountRunes(text) <= max_runes) return std::string(text);
  std::string out;
  std::size_t runes = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    runes += CountRunes(text.substr(0, end));
    if (runes + 1 > max_runes) break;
    out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out + "…";
}

}  // namespace

std::string Summary(const Finding& finding) {
  const Verdict& worst = finding.replicas.front().verdict;
  const std::string verb = finding.is_churn ? " churns " : " leaks ";
  const std::string service = finding.service + ": ";
  const std::string tail = verb + Rate(finding, worst) + Spread(finding) + Limit(finding);
  const std::size_t room =
      kMaxSummaryRunes - std::min(kMaxSummaryRunes, CountRunes(service + tail));
  std::string site = ToUtf8(ShortSite(finding.site));
  // Of a long name the end tells most; of a line too long for any name the verdict is what must
  // stay.
  constexpr std::size_t kLeastSite = 12;
  if (CountRunes(site) > room) site = CutBegin(site, std::max(room, kLeastSite));
  return CutEnd(ToUtf8(service) + site + ToUtf8(tail), kMaxSummaryRunes);
}

std::string_view DiffSampleType(const Finding& finding) {
  return finding.is_churn ? "alloc_space" : "inuse_space";
}

AlertText DescribeFinding(const Finding& finding, const MessageContext& context) {
  const Verdict& worst = finding.replicas.front().verdict;
  std::string moments = context.external_url + "/api/v1/diff?target=" + context.target_id +
                        "&t0=" + FormatRfc3339(worst.from) + "&t1=" + FormatRfc3339(worst.to);
  if (finding.is_churn) moments += "&sample_type=" + std::string(DiffSampleType(finding));
  const std::string diff_url = moments + "&format=text";
  const std::string profile_url = moments + "&format=pprof";
  const std::string command = "go tool pprof -http=: '" + profile_url + "'";
  const std::string replicas = ToUtf8(Replicas(finding));

  std::string head = Summary(finding) + "\n\nSite: " + finding.site.function;
  if (!finding.site.file.empty()) head += " (" + finding.site.file + ")";
  head += ", holds " + FormatBytes(worst.inuse_bytes) + " on the worst replica.\n";
  if (!worst.reason.empty()) head += "Why: " + worst.reason + ".\n";
  if (!finding.is_churn) head += "How sure: " + Confidence(worst) + "\n";
  head += "Ruled out: " + RuledOut(finding) + "\nReplicas: " + replicas + "\n";
  const std::string tail =
      "\nThe two heaps compared: " + diff_url + "\nIn pprof: " + command + "\n";
  std::string body;
  if (!context.diff_text.empty())
    body = std::string("\nWhat ") + (finding.is_churn ? "was allocated" : "changed") +
           " on the worst replica between these two moments:\n" + ToUtf8(context.diff_text);
  head = CutEnd(ToUtf8(head), kMaxDescriptionRunes / 2);
  const std::size_t room = kMaxDescriptionRunes - CountRunes(head) -
                           std::min(kMaxDescriptionRunes / 2, CountRunes(tail)) - 1;
  return {.annotations = {{"summary", Summary(finding)},
                          {"description", head + FitLines(body, room) + "\n" + tail},
                          {"replicas", replicas},
                          {"diff_url", diff_url},
                          {"profile_url", profile_url},
                          {"command", command}},
          .generator_url = diff_url};
}

}  // namespace heapwatch
