// /api/v1/targets: those configured, and those that only history knows.
#include <map>
#include <string>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"
#include "watcher/api/target_selector.h"
#include "watcher/api/to_json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

json::object Describe(const TargetStatus& status) {
  json::object out = {{"id", TargetId::Of(status.labels).ToString()},
                      {"labels", ToJson(status.labels)},
                      {"url", status.url},
                      {"health", !status.last_scrape ? "unknown"
                                 : status.up         ? "up"
                                                     : "down"},
                      {"last_error", status.last_error},
                      {"interval_ms", status.interval.count()},
                      {"scrapes", status.scrapes},
                      {"failures", status.failures}};
  if (status.memory_limit_bytes) out["memory_limit_bytes"] = *status.memory_limit_bytes;
  if (status.last_scrape) {
    out["last_scrape"] = FormatRfc3339(*status.last_scrape);
    out["last_scrape_duration_ms"] = status.last_scrape_duration.count();
    out["last_body_bytes"] = status.last_body_bytes;
  }
  return out;
}

json::object Describe(const StoredTarget& stored) {
  return {{"first", FormatRfc3339(stored.first)},
          {"last", FormatRfc3339(stored.last)},
          {"snapshots", stored.snapshots}};
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
  auto targets = views.store().Targets();
  if (!targets) return Fail(targets.error());
  return SelectTarget(*text, *targets);
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

  json::array active;
  for (const TargetStatus& status : views.Targets()) {
    json::object target = Describe(status);
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
    gone.push_back(json::object{
        {"id", id.ToString()}, {"labels", ToJson(target->labels)}, {"history", Describe(*target)}});
  }
  return JsonReply(json::object{{"active", std::move(active)}, {"gone", std::move(gone)}});
}

}  // namespace heapwatch
