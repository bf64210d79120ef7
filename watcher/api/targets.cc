// /api/v1/targets: those watched, those dropped, where they were found, and those that only history
// knows.
#include <map>
#include <string>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"
#include "watcher/api/target_selector.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

json::object Describe(const TargetStatus& status) {
  json::object out = {{"id", TargetId::Of(status.labels).ToString()},
                      {"labels", json::value_from(status.labels)},
                      {"url", status.url},
                      {"health", status.health()},
                      {"last_error", status.last_error},
                      {"interval_ms", status.interval.count()},
                      {"scrapes", status.scrapes},
                      {"failures", status.failures}};
  if (status.pace.reason != StretchReason::kNone) {
    out["stretched"] = json::object{{"interval_ms", status.pace.interval.count()},
                                    {"reason", ToString(status.pace.reason)},
                                    {"message", Explain(status.pace.reason)}};
  }
  if (status.lost) out["lost"] = FormatRfc3339(*status.lost);
  if (status.stopped) {
    out["stopped"] = json::object{{"by", status.stopped->by},
                                  {"reason", status.stopped->reason},
                                  {"since", FormatRfc3339(status.stopped->since)}};
  }
  if (status.memory_limit_bytes) out["memory_limit_bytes"] = *status.memory_limit_bytes;
  if (const auto& process = status.process) {
    if (process->resident_bytes) out["resident_memory_bytes"] = *process->resident_bytes;
    if (status.gc_cpu_share) out["gc_cpu_share"] = *status.gc_cpu_share;
    if (process->started) out["started"] = FormatRfc3339(*process->started);
  }
  if (!status.metrics_error.empty()) out["metrics_error"] = status.metrics_error;
  if (status.last_scrape) {
    out["last_scrape"] = FormatRfc3339(*status.last_scrape);
    out["last_scrape_duration_ms"] = status.last_scrape_duration.count();
  }
  if (status.last_body_bytes) out["last_body_bytes"] = *status.last_body_bytes;
  return out;
}

json::object Describe(const StoredTarget& stored) {
  return {{"first", FormatRfc3339(stored.first)},
          {"last", FormatRfc3339(stored.last)},
          {"snapshots", stored.snapshots}};
}

json::object Describe(const DroppedTarget& dropped) {
  return {{"job", dropped.job},
          {"discovered_labels", json::value_from(dropped.discovered)},
          {"reason", ToString(dropped.reason)},
          {"message", dropped.message}};
}

json::object Describe(const JobTargets& job) {
  json::object dropped;
  for (const auto& [reason, count] : job.dropped) dropped[ToString(reason)] = count;
  return {{"job", job.job},
          {"targets", job.targets},
          {"dropped", std::move(dropped)},
          {"is_over_limit", job.is_over_limit}};
}

json::object Describe(const DiscoveryStatus& status) {
  json::object out = {{"job", status.job},          {"mechanism", status.mechanism},
                      {"place", status.place},      {"targets", status.targets},
                      {"last_error", status.error}, {"failures", status.failures}};
  if (status.last_success) out["last_success"] = FormatRfc3339(*status.last_success);
  return out;
}

template <class T>
json::array DescribeAll(const std::vector<T>& all) {
  json::array out;
  for (const T& one : all) out.push_back(Describe(one));
  return out;
}

}  // namespace

Result<StoredTarget> TargetParameter(const HttpRequest& request, std::string_view name,
                                     const ReadViews& views) {
  const auto text = RequiredParameter(request, name);
  if (!text) {
    return Fail(text.error().code,
                text.error().message +
                    ": give a target's id or its label instance; /api/v1/targets lists them");
  }
  const auto targets = views.store().Targets();
  if (!targets) return Fail(targets.error());
  auto stored = SelectTarget(*text, *targets);
  if (stored || stored.error().code != ErrorCode::kNotFound) return stored;
  std::vector<StoredTarget> watched;
  for (const TargetStatus& status : views.Targets())
    watched.push_back(
        {.id = TargetId::Of(status.labels), .labels = status.labels, .first = {}, .last = {}});
  if (const auto one = SelectTarget(*text, watched))
    return Fail(ErrorCode::kNotFound, "of target " + ToString(one->labels) +
                                          " nothing is stored yet; /api/v1/targets tells how "
                                          "scraping it goes");
  return stored;
}

Result<HttpResponse> GetTargets(const HttpRequest&, const ReadViews& views) {
  const auto stored = views.store().Targets();
  if (!stored) return Fail(stored.error());
  std::map<TargetId, const StoredTarget*> history;
  for (const StoredTarget& target : *stored) history.emplace(target.id, &target);

  std::map<Labels, std::size_t> sites;
  const auto evaluation = views.LatestEvaluation();
  for (const TargetVerdicts& judged : evaluation->targets)
    sites[judged.target] = judged.sites.size();

  const auto plan = views.Plan();
  json::array active;
  for (const TargetStatus& status : views.Targets()) {
    json::object target = Describe(status);
    if (const auto found = plan->discovered.find(status.labels); found != plan->discovered.end())
      target["discovered_labels"] = json::value_from(found->second);
    if (const auto judged = sites.find(status.labels); judged != sites.end())
      target["sites"] = judged->second;
    if (const auto kept = history.find(TargetId::Of(status.labels)); kept != history.end()) {
      target["history"] = Describe(*kept->second);
      history.erase(kept);
    }
    active.push_back(std::move(target));
  }
  json::array gone;
  for (const auto& [id, target] : history) {
    gone.push_back(json::object{{"id", id.ToString()},
                                {"labels", json::value_from(target->labels)},
                                {"history", Describe(*target)}});
  }
  return JsonReply(json::object{{"active", std::move(active)},
                                {"gone", std::move(gone)},
                                {"dropped", DescribeAll(plan->dropped)},
                                {"jobs", DescribeAll(plan->jobs)},
                                {"discovery", DescribeAll(views.DiscoveryStatuses())}});
}

}  // namespace heapwatch
