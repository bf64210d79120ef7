#include "alerting/message.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "alerting/links.h"
#include "alerting/text.h"
#include "analysis/base/time.h"
#include "analysis/base/units.h"
#include "analysis/base/utf8.h"
#include "analysis/trend/explain.h"

namespace heapwatch {
namespace {

constexpr std::size_t kReplicasNamed = 5;
constexpr std::size_t kSitesNamed = 5;
constexpr std::size_t kDownNamed = 10;

std::string Count(std::size_t n) { return FormatCount(static_cast<std::int64_t>(n)); }

std::string AndMore(std::size_t named, std::size_t all) {
  return all > named ? "; and " + Count(all - named) + " more" : "";
}

std::string Replicas(const Finding& finding) {
  std::string text =
      Count(finding.replicas.size()) + " of " + Count(finding.replica_count) + ", worst first: ";
  for (std::size_t i = 0; i < std::min(kReplicasNamed, finding.replicas.size()); ++i) {
    const ReplicaVerdict& replica = finding.replicas[i];
    // One alone has no slope to tell where only all together show it.
    text += (i == 0 ? "" : "; ") + ReplicaName(replica.target) + " " +
            (finding.only_together() ? FormatBytes(replica.verdict.inuse_bytes)
                                     : Rate(finding, replica.verdict));
  }
  return text + AndMore(kReplicasNamed, finding.replicas.size());
}

std::string Sites(const Finding& finding) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kSitesNamed, finding.members.size()); ++i) {
    const Finding& member = finding.members[i];
    text += (i == 0 ? "" : "; ") + member.site.ToString();
    if (!member.replicas.empty()) text += " " + Rate(member);
  }
  return text + AndMore(kSitesNamed, finding.members.size());
}

std::string Confidence(const Finding& finding) {
  const Verdict& v = finding.replicas.front().verdict;
  std::string text = "the gain of " + FormatBytes(v.growth_bytes) + " has a standard error of " +
                     FormatBytes(v.growth_standard_error);
  if (v.effective_n >= 1)
    text +=
        " and rests on " + FormatCount(std::llround(v.effective_n)) + " independent observations";
  return text + ".";
}

// To the second, as people read it.
std::string Moment(Time time) {
  return FormatRfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

// Since when, and whether a deploy brought it.
std::string Onset(const Finding& finding) {
  const Verdict& v = finding.replicas.front().verdict;
  std::string text;
  if (finding.is_growth() && v.growing_for > Duration(0))
    text = "it has grown since " + Moment(v.to - v.growing_for);
  if (finding.watched_since && !finding.version.empty())
    text += (text.empty() ? "" : "; ") + finding.version + " has been watched since " +
            Moment(*finding.watched_since);
  if (finding.change) {
    const VersionChange& change = *finding.change;
    text += (text.empty() ? "" : "; ") + change.version_before + " before it ";
    if (finding.problem == Problem::kRegression) {
      text += "allocated less for the same load";
    } else if (IsNewInVersion(finding)) {
      text += "did not grow there";
    } else {
      text += "grew " + SlopeText(change.slope_before, change.slope_interval_before) + " there";
    }
  }
  return text.empty() ? "" : "Since: " + text + ".\n";
}

// "+2.5 %", "up 12-fold".
std::string ChangeOf(double before, double after) {
  if (after >= 10 * before) return "up " + FormatFixed(after / before, 0) + "-fold";
  const double change = 100 * (after / before - 1);
  return (change >= 0 ? "+" : "") + FormatFixed(change, std::fabs(change) < 10 ? 1 : 0) + " %";
}

// What the site held on the worst replica when its growth began.
double HeldBefore(const Finding& finding) {
  const Verdict& v = finding.replicas.front().verdict;
  const auto count = static_cast<double>(finding.replicas.size());
  return v.inuse_bytes -
         (finding.only_together() ? finding.pooled->total_growth_bytes / count : v.growth_bytes);
}

std::string Load(const Finding& finding, const MessageContext& context) {
  if (!context.load || context.load->before_bytes_per_second <= 0) return "";
  const double before = context.load->before_bytes_per_second;
  const double after = context.load->after_bytes_per_second;
  std::string text = "Load: the process allocated " + FormatBytesPerSecond(before) +
                     " at the beginning and " + FormatBytesPerSecond(after) + " at the end (" +
                     ChangeOf(before, after) + ")";
  const Verdict& v = finding.replicas.front().verdict;
  const double held_before = HeldBefore(finding);
  if (finding.is_growth() && held_before > 0)
    text += std::string("; what the ") + (finding.members.empty() ? "site holds" : "sites hold") +
            " went " + ChangeOf(held_before, v.inuse_bytes);
  return text + ".\n";
}

// What the time to the limit in the summary rests on.
std::string Limit(const Finding& finding, const MessageContext& context) {
  const ReplicaVerdict* soonest = SoonestAtLimit(finding);
  if (soonest == nullptr || !context.memory_limit_bytes) return "";
  const auto limit = static_cast<double>(*context.memory_limit_bytes);
  std::string text = "Limit: " + ReplicaName(soonest->target) + " may have " + FormatBytes(limit) +
                     ", and " + FormatBytes(soonest->process_inuse_bytes) + " are live";
  if (context.gogc > 0)
    text += "; with GOGC " + FormatNumber(context.gogc) + " it may be met from " +
            FormatBytes(limit / (1 + context.gogc / 100)) + " live on";
  return text + ".\n";
}

std::string Collector(const Finding& finding, const MessageContext& context) {
  if (finding.problem != Problem::kChurn || !context.gc_cpu_share) return "";
  const double percent = 100 * *context.gc_cpu_share;
  return "Collector: it takes " + FormatFixed(percent, percent < 9.95 ? 1 : 0) +
         " % of the CPU of the worst replica.\n";
}

// Only what the figures rule out.
std::string RuledOut(const Finding& finding, const MessageContext& context) {
  const Verdict& v = finding.replicas.front().verdict;
  if (finding.problem == Problem::kChurn) return "a leak (what the site holds does not grow).";
  if (finding.problem == Problem::kRegression)
    return "more load (it is counted in units of the load, as all other sites show it).";
  // Of a program that tells no allocations a restart need not show.
  std::string text = v.retention || context.load
                         ? "a restart or a deploy (all of it lies within one life of one build)"
                         : "a deploy (all of it lies within one build)";
  const double z = finding.only_together() ? finding.pooled->z : v.z;
  if (std::isinf(z)) {
    text += ", sampling noise (nothing is sampled)";
  } else if (finding.only_together() || v.slope_interval.low > 0) {
    text += ", sampling noise (" + FormatFixed(z, 1) + " standard errors)";
  }
  if (!v.course.empty() && v.slope_interval.low > 0 && finding.kind == VerdictKind::kLeak)
    text += ", a cache that has filled up (its course is " + std::string(v.course) + ")";
  const double held_before = HeldBefore(finding);
  if (context.load && context.load->before_bytes_per_second > 0 && held_before > 0) {
    const double load =
        context.load->after_bytes_per_second / context.load->before_bytes_per_second - 1;
    const double growth = (v.inuse_bytes - held_before) / held_before;
    if (load <= 0) return text + ", load (it did not rise).";
    if (load < 0.5 * growth) return text + ", load (it rose by less than half as much).";
    return text + ". Not ruled out: load.";
  }
  return text + ".";
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

// What it is and where.
std::string Opening(const Finding& finding) {
  std::string text = Summary(finding) + "\n\n";
  if (finding.problem == Problem::kServiceGrowth)
    return text + "Sites, worst first: " + Sites(finding) + "\n";
  text += "Site: " + finding.site.function;
  if (!finding.site.file.empty()) text += " (" + finding.site.file + ")";
  if (finding.problem != Problem::kChurn)
    text += ", holds " + FormatBytes(finding.replicas.front().verdict.inuse_bytes) +
            " on the worst replica";
  return text + ".\n";
}

// What grew on the worst replica, as far as it fits.
std::string Diff(const MessageContext& context, const Evidence& evidence, std::size_t max_runes) {
  if (context.diff_text.empty()) return "";
  const std::string head = "\nOn " + ToUtf8(ReplicaName(evidence.target)) + " from " +
                           Moment(evidence.from) + " to " + Moment(evidence.to) + ":\n";
  return FitLines(head + ToUtf8(context.diff_text), max_runes - 1) + "\n";
}

// Why it is told, and what else it might have been.
std::string Argument(const Finding& finding, const MessageContext& context,
                     const std::string& replicas) {
  std::string text = "\n";
  if (!finding.reason.empty()) text += "Why: " + finding.reason + ".\n";
  // Of what only all replicas together show, the reason has told that.
  if (finding.is_growth() && !finding.only_together())
    text += "How sure: " + Confidence(finding) + "\n";
  text += Limit(finding, context) + Onset(finding) + Load(finding, context) +
          Collector(finding, context);
  return text + "Ruled out: " + RuledOut(finding, context) + "\nReplicas: " + replicas + "\n";
}

// The target of a link by its name, for people: "dashboard_url" is "Dashboard".
std::string LinkTitle(std::string name) {
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z')
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// Those of the configuration: as annotations, and as lines of the description.
std::string AddLinks(const MessageContext& context, const Evidence& evidence, Labels& annotations) {
  std::string lines;
  for (const LinkConfig& link : context.links) {
    const std::string url = FillTemplate(link.url, context.labels, evidence);
    annotations.emplace(link.name + "_url", url);
    lines += LinkTitle(link.name) + ": " + url + "\n";
  }
  return lines;
}

AlertText DescribeDown(const Finding& finding, const MessageContext& context) {
  const std::string summary = Summary(finding);
  std::string text = summary +
                     "\n\nWhat these processes leak meanwhile goes unseen. Down for longest "
                     "first:\n";
  for (std::size_t i = 0; i < std::min(kDownNamed, finding.down.size()); ++i) {
    const DownTarget& target = finding.down[i];
    text +=
        ReplicaName(target.target) + " since " + Moment(target.since) + ": " + target.error + "\n";
  }
  if (finding.down.size() > kDownNamed)
    text += "and " + Count(finding.down.size() - kDownNamed) + " more\n";
  const std::string url = context.external_url + "/targets";
  const std::string ack_url = AckPage(finding, context.external_url);
  Labels annotations = {{"summary", summary}, {"targets_url", url}, {"ack_url", ack_url}};
  // There is no evidence but what the service did before the first of them went.
  const DownTarget& first = finding.down.front();
  const Evidence before = {first.target, first.since - std::chrono::hours(1), first.since, ""};
  text += "\nAll targets: " + url + "\nAcknowledge: " + ack_url + "\n" +
          AddLinks(context, before, annotations);
  annotations.emplace("description", CutEnd(ToUtf8(text), kMaxDescriptionRunes));
  return {.annotations = std::move(annotations),
          .generator_url = url,
          .evidence = std::nullopt,
          .finding_json = ""};
}

std::string PprofCommand(std::string url, bool asks_password) {
  if (asks_password) url.insert(url.find("://") + 3, "USER:PASSWORD@");
  return "go tool pprof -http=: '" + url + "'";
}

}  // namespace

Evidence EvidenceOf(const Finding& finding) {
  const ReplicaVerdict& worst = finding.replicas.front();
  return {worst.target, worst.verdict.from, worst.verdict.to,
          finding.is_growth() ? "inuse_space" : "alloc_space"};
}

AlertText DescribeFinding(const Finding& finding, const MessageContext& context) {
  if (finding.problem == Problem::kTargetDown) return DescribeDown(finding, context);
  const Evidence evidence = EvidenceOf(finding);
  const AlertLinks links = LinksOf(finding, evidence, context.target_id, context.external_url);
  const std::string replicas = ToUtf8(Replicas(finding));
  const std::string ack_url = AckPage(finding, context.external_url);
  const std::string command = PprofCommand(links.profile, context.asks_password);
  AlertText text{.annotations = {{"summary", Summary(finding)},
                                 {"replicas", replicas},
                                 {"diff_url", links.diff_page},
                                 {"site_url", links.site_page},
                                 {"ack_url", ack_url},
                                 {"profile_url", links.profile},
                                 {"svg_url", links.svg},
                                 {"command", command}},
                 .generator_url = links.diff_page,
                 .evidence = evidence,
                 .finding_json = ""};
  std::string tail = "\nWhat changed: " + links.diff_page + "\nThe trend: " + links.site_page +
                     "\nAcknowledge: " + ack_url + "\nIn pprof: " + command + "\n";
  tail += AddLinks(context, evidence, text.annotations);
  const std::string opening = CutEnd(ToUtf8(Opening(finding)), kMaxDescriptionRunes / 4);
  const std::string argument =
      CutEnd(ToUtf8(Argument(finding, context, replicas)), kMaxDescriptionRunes / 4);
  tail = CutEnd(ToUtf8(tail), kMaxDescriptionRunes / 3);
  const std::size_t room =
      kMaxDescriptionRunes - CountRunes(opening) - CountRunes(argument) - CountRunes(tail);
  text.annotations.emplace("description",
                           opening + Diff(context, evidence, room) + argument + tail);
  return text;
}

}  // namespace heapwatch
