// /api/v1/sites and /api/v1/findings: what the last evaluation says.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "alerting/verdict_json.h"
#include "analysis/base/nearest_name.h"
#include "analysis/trend/outside_heap.h"
#include "analysis/trend/verdict_rank.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kDefaultSites = 100;
constexpr std::size_t kMostSites = 10'000;

// `verdict=leak,growing`; all kinds where it is absent.
Result<std::vector<VerdictKind>> KindsParameter(const HttpRequest& request) {
  std::string_view rest = request.Query("verdict");
  if (rest.empty()) return std::vector(kVerdictKinds.begin(), kVerdictKinds.end());
  std::vector<VerdictKind> kinds;
  while (true) {
    const auto comma = rest.find(',');
    const auto kind = VerdictKindFromString(rest.substr(0, comma));
    if (!kind) {
      std::vector<std::string_view> names;
      for (const VerdictKind k : kVerdictKinds) names.push_back(ToString(k));
      return Fail(ErrorCode::kInvalidArgument, "verdict: \"" + std::string(rest.substr(0, comma)) +
                                                   "\" is unknown: give " + OneOf(names));
    }
    kinds.push_back(*kind);
    if (comma == std::string_view::npos) return kinds;
    rest.remove_prefix(comma + 1);
  }
}

// Its verdict, how fast it grows or allocates, and what it holds.
using Pressure = std::tuple<int, double, double>;

struct JudgedSite {
  const TargetVerdicts* target;
  const Verdict* verdict;
  const Site* site;
  Pressure pressure;
  std::size_t place;  // in the evaluation
};

Pressure PressureOf(const Verdict& verdict) {
  const int rank = RankOf(verdict.kind);
  double rate = 0;  // what does not grow has a slope of noise
  if (verdict.kind == VerdictKind::kChurn) rate = verdict.alloc_bytes_per_second.value_or(0);
  if (rank > RankOf(VerdictKind::kChurn)) rate = verdict.slope_bytes_per_second;
  return {rank, rate, verdict.inuse_bytes};
}

// What of the evaluation is asked for; empty texts ask for all.
struct Wanted {
  std::optional<Labels> target;
  std::string_view service;
  std::string_view site;  // as IsNamed takes it
  std::vector<VerdictKind> kinds;
};

std::vector<JudgedSite> Select(const Evaluation& evaluation, const Wanted& wanted) {
  std::vector<JudgedSite> out;
  for (const TargetVerdicts& judged : evaluation.targets) {
    if (wanted.target && judged.target != *wanted.target) continue;
    if (!wanted.service.empty() && ServiceOf(judged.target) != wanted.service) continue;
    const auto consider = [&](const Site& site, const Verdict& verdict) {
      if (!wanted.site.empty() && !IsNamed(site, wanted.site)) return;
      if (std::find(wanted.kinds.begin(), wanted.kinds.end(), verdict.kind) != wanted.kinds.end())
        out.push_back({&judged, &verdict, &site, PressureOf(verdict), out.size()});
    };
    for (const Verdict& verdict : judged.verdicts)
      consider(judged.sites[verdict.site.index()], verdict);
    if (judged.outside_heap) consider(OutsideHeapSite(), *judged.outside_heap);
  }
  return out;
}

// Puts the most pressing first, so many of them in order. Of a large fleet there are far more.
void PutFirst(std::vector<JudgedSite>& sites, std::size_t count) {
  const auto end = sites.begin() + static_cast<std::ptrdiff_t>(std::min(count, sites.size()));
  std::partial_sort(sites.begin(), end, sites.end(), [](const JudgedSite& a, const JudgedSite& b) {
    return std::tie(a.pressure, b.place) > std::tie(b.pressure, a.place);
  });
}

constexpr std::size_t kServicesNamed = 10;

// An error where nobody is called so, nor was while there is history.
Result<void> CheckService(std::string_view service, const ReadViews& views) {
  const auto stored = views.store().Targets();
  if (!stored) return Fail(stored.error());
  std::set<std::string> names;
  for (const StoredTarget& target : *stored) names.insert(ServiceOf(target.labels));
  for (const TargetStatus& status : views.Targets()) names.insert(ServiceOf(status.labels));
  const std::vector<std::string> known(names.begin(), names.end());
  if (names.contains(std::string(service))) return {};
  std::string message = "service \"" + std::string(service) + "\" is unknown: ";
  if (const auto nearest = NearestName(service, known)) {
    message += "did you mean \"" + std::string(*nearest) + "\"?";
  } else if (known.empty()) {
    message += "no target is watched yet";
  } else {
    message += "there is ";
    for (std::size_t i = 0; i < std::min(known.size(), kServicesNamed); ++i)
      message += (i == 0 ? "" : ", ") + known[i];
    if (known.size() > kServicesNamed)
      message += ", and " + std::to_string(known.size() - kServicesNamed) +
                 " more that /api/v1/services lists";
  }
  return Fail(ErrorCode::kNotFound, std::move(message));
}

// The addresses that show what the verdict rests on. Ids and times need no escaping in a query.
json::object LinksOf(const JudgedSite& judged, const std::string& external_url) {
  const std::string api = external_url + "/api/v1";
  const std::string target = "?target=" + TargetId::Of(judged.target->target).ToString();
  const std::string from = FormatRfc3339(judged.verdict->from);
  const std::string to = FormatRfc3339(judged.verdict->to);
  const std::string diff = api + "/diff" + target + "&t0=" + from + "&t1=" + to + "&format=";
  return {{"series", api + "/series" + target + "&site=" + judged.site->id_text() +
                         "&from=" + from + "&to=" + to},
          {"diff_text", diff + "text"},
          {"diff_svg", diff + "svg"},
          {"diff_pprof", diff + "pprof"}};
}

json::object Describe(const JudgedSite& judged, const std::string& external_url) {
  json::object out = ToJson(*judged.verdict);
  out["site"] = ToJson(*judged.site);
  out["target"] = TargetId::Of(judged.target->target).ToString();
  out["labels"] = json::value_from(judged.target->target);
  out["evaluated"] = FormatRfc3339(judged.target->evaluated);
  out["links"] = LinksOf(judged, external_url);
  return out;
}

json::object Describe(const Finding& finding) {
  json::array replicas;
  for (const ReplicaVerdict& replica : finding.replicas) {
    json::object out = ToJson(replica.verdict);
    out["target"] = TargetId::Of(replica.target).ToString();
    out["labels"] = json::value_from(replica.target);
    replicas.push_back(std::move(out));
  }
  return {{"problem", ToString(finding.problem)}, {"service", finding.service},
          {"version", finding.version},           {"site", ToJson(finding.site)},
          {"verdict", ToString(finding.kind)},    {"replica_count", finding.replica_count},
          {"replicas", std::move(replicas)}};
}

}  // namespace

Result<HttpResponse> GetSites(const HttpRequest& request, const ReadViews& views) {
  const auto kinds = KindsParameter(request);
  if (!kinds) return Fail(kinds.error());
  const auto limit = CountParameterOr(request, "limit", kDefaultSites, kMostSites);
  if (!limit) return Fail(limit.error());
  Wanted wanted{.target = {},
                .service = request.Query("service"),
                .site = request.Query("site"),
                .kinds = *kinds};
  if (!request.Query("target").empty()) {
    auto selected = TargetParameter(request, "target", views);
    if (!selected) return Fail(selected.error());
    wanted.target = std::move(selected->labels);
  }

  const auto evaluation = views.LatestEvaluation();
  std::vector<JudgedSite> sites = Select(*evaluation, wanted);
  if (sites.empty() && !wanted.service.empty())
    if (const auto known = CheckService(wanted.service, views); !known) return Fail(known.error());
  PutFirst(sites, *limit);
  json::array shown;
  for (std::size_t i = 0; i < std::min(*limit, sites.size()); ++i)
    shown.push_back(Describe(sites[i], views.external_url()));
  return JsonReply(json::object{{"evaluated", FormatRfc3339(evaluation->time)},
                                {"total", sites.size()},
                                {"sites", std::move(shown)}});
}

Result<HttpResponse> GetFindings(const HttpRequest&, const ReadViews& views) {
  const auto evaluation = views.LatestEvaluation();
  json::array findings;
  for (const Finding& finding : evaluation->findings) findings.push_back(Describe(finding));
  return JsonReply(json::object{{"evaluated", FormatRfc3339(evaluation->time)},
                                {"findings", std::move(findings)}});
}

}  // namespace heapwatch
