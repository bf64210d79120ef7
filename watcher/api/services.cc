// /api/v1/services: every service in one line, the one that needs attention first.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "alerting/verdict_json.h"
#include "analysis/trend/verdict_rank.h"
#include "watcher/api/handlers.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kReasonsNamed = 3;

struct Service {
  std::set<std::string> versions;
  std::map<std::string_view, std::size_t> targets;  // of each health
  std::vector<const TargetStatus*> failing;
  std::size_t judged = 0;                    // targets of which enough was seen
  const Labels* shown = nullptr;             // the target whose heap stands for the service
  std::map<VerdictKind, std::size_t> sites;  // findings of each kind
  std::size_t firing = 0;
  double growth_bytes_per_second = 0;  // of what leaks or may, over all replicas
  std::optional<Interval> soonest_limit;
  const Finding* worst = nullptr;
};

// Larger is more pressing: by what its sites do, and targets that are down are worse than all of
// that but a leak.
std::tuple<bool, bool, int> Rank(const Service& service) {
  int worst = 0;
  for (const auto& [kind, count] : service.sites) worst = std::max(worst, RankOf(kind));
  return {worst == RankOf(VerdictKind::kLeak), service.targets.contains("down"), worst};
}

void Add(const TargetStatus& status, Service& service) {
  if (const std::string_view version = Get(status.labels, "version"); !version.empty())
    service.versions.emplace(version);
  ++service.targets[status.health()];
  if (status.health() == "down" && service.failing.size() < kReasonsNamed)
    service.failing.push_back(&status);
  if (service.shown == nullptr && status.health() == "up") service.shown = &status.labels;
}

void Add(const TargetVerdicts& target, Service& service) {
  if (std::any_of(target.verdicts.begin(), target.verdicts.end(),
                  [](const Verdict& v) { return v.kind != VerdictKind::kInsufficientData; }))
    ++service.judged;
}

void Add(const Finding& finding, Service& service) {
  // A regression is a comparison; how the site stands is told by its other findings.
  if (finding.problem == Problem::kRegression) return;
  ++service.sites[finding.kind];
  if (service.worst == nullptr) {  // they come worst first
    service.worst = &finding;
    if (!finding.replicas.empty()) service.shown = &finding.replicas.front().target;
  }
  if (finding.kind != VerdictKind::kLeak && finding.kind != VerdictKind::kGrowing) return;
  for (const ReplicaVerdict& replica : finding.replicas) {
    service.growth_bytes_per_second += replica.verdict.slope_bytes_per_second;
    const auto& limit = replica.verdict.seconds_to_limit;
    if (limit && (!service.soonest_limit || limit->low < service.soonest_limit->low))
      service.soonest_limit = limit;
  }
}

json::object Describe(const std::string& name, const Service& service) {
  json::array failing;
  for (const TargetStatus* status : service.failing) {
    failing.push_back(json::object{{"target", TargetId::Of(status->labels).ToString()},
                                   {"instance", Get(status->labels, "instance")},
                                   {"error", status->last_error}});
  }
  json::object targets;
  for (const auto& [health, count] : service.targets) targets[health] = count;
  json::object sites;
  for (const auto& [kind, count] : service.sites) sites[ToString(kind)] = count;
  json::object out = {{"service", name},
                      {"versions", json::array(service.versions.begin(), service.versions.end())},
                      {"targets", std::move(targets)},
                      {"judged", service.judged},
                      {"failing", std::move(failing)},
                      {"sites", std::move(sites)},
                      {"firing", service.firing},
                      {"growth_bytes_per_second", service.growth_bytes_per_second}};
  if (service.shown != nullptr) out["shown"] = TargetId::Of(*service.shown).ToString();
  if (service.soonest_limit) AddLimit(*service.soonest_limit, out);
  if (service.worst != nullptr && !service.worst->replicas.empty()) {
    const ReplicaVerdict& replica = service.worst->replicas.front();
    json::object worst = ToJson(replica.verdict);
    worst["site"] = ToJson(service.worst->site);
    worst["target"] = TargetId::Of(replica.target).ToString();
    worst["labels"] = json::value_from(replica.target);
    out["worst"] = std::move(worst);
  }
  return out;
}

}  // namespace

Result<HttpResponse> GetServices(const HttpRequest&, const ReadViews& views) {
  const auto evaluation = views.LatestEvaluation();
  const std::vector<TargetStatus> targets = views.Targets();
  std::map<std::string, Service> services;
  for (const TargetStatus& status : targets) Add(status, services[ServiceOf(status.labels)]);
  for (const TargetVerdicts& target : evaluation->targets)
    if (!target.is_gone) Add(target, services[ServiceOf(target.target)]);
  for (const Finding& finding : evaluation->findings) Add(finding, services[finding.service]);
  for (const AlertView& alert : views.Alerts()) {
    const auto service = services.find(std::string(Get(alert.labels, "service")));
    if (service != services.end() && alert.phase == AlertPhase::kFiring) ++service->second.firing;
  }

  std::vector<std::pair<const std::string*, const Service*>> order;
  for (const auto& [name, service] : services) order.emplace_back(&name, &service);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(Rank(*a.second), a.second->growth_bytes_per_second) >
           std::pair(Rank(*b.second), b.second->growth_bytes_per_second);
  });
  json::array shown;
  for (const auto& [name, service] : order) shown.push_back(Describe(*name, *service));
  return JsonReply(
      json::object{{"evaluated", FormatRfc3339(evaluation->time)}, {"services", std::move(shown)}});
}

}  // namespace heapwatch
