// /api/v1/alerts and /api/v1/alerts/history: what fires, and what became of what fired before.
#include <algorithm>

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kDefaultChanges = 200;
constexpr Duration kDefaultHistory = std::chrono::hours(24 * 30);

json::object Describe(const AlertView& alert) {
  json::object out = {{"state", ToString(alert.phase)},
                      {"labels", json::value_from(alert.labels)},
                      {"annotations", json::value_from(alert.annotations)},
                      {"site", alert.site_id},
                      {"rule", alert.rule},
                      {"pending_since", FormatRfc3339(alert.pending_since)}};
  if (alert.firing_since) out["firing_since"] = FormatRfc3339(*alert.firing_since);
  if (alert.resolved_at) out["resolved_at"] = FormatRfc3339(*alert.resolved_at);
  if (alert.mute)
    out["muted"] = {{"by", alert.mute->by},
                    {"reason", alert.mute->reason},
                    {"until", FormatRfc3339(alert.mute->until)}};
  if (alert.evidence)
    out["evidence"] = {{"target", TargetId::Of(alert.evidence->target).ToString()},
                       {"labels", json::value_from(alert.evidence->target)},
                       {"from", FormatRfc3339(alert.evidence->from)},
                       {"to", FormatRfc3339(alert.evidence->to)},
                       {"sample_type", alert.evidence->sample_type}};
  return out;
}

json::object Describe(const AlertChange& change) {
  return {{"time", FormatRfc3339(change.time)},
          {"state", change.state},
          {"labels", json::value_from(change.labels)},
          {"summary", change.summary},
          {"note", change.note}};
}

}  // namespace

Result<HttpResponse> GetAlerts(const HttpRequest&, const ReadViews& views) {
  json::array alerts;
  for (const AlertView& alert : views.Alerts()) alerts.push_back(Describe(alert));
  return JsonReply(json::object{{"alerts", std::move(alerts)}});
}

Result<HttpResponse> GetAlertHistory(const HttpRequest& request, const ReadViews& views) {
  const auto range = TimeRangeParameters(request, views.Now(), kDefaultHistory);
  if (!range) return Fail(range.error());
  const auto limit = CountParameterOr(request, "limit", kDefaultChanges, AlertLog::kMaxChanges);
  if (!limit) return Fail(limit.error());
  std::vector<AlertChange> changes = views.AlertHistory();
  std::erase_if(changes,
                [&](const AlertChange& c) { return c.time < range->from || c.time > range->to; });
  std::reverse(changes.begin(), changes.end());
  json::array shown;
  for (std::size_t i = 0; i < std::min(*limit, changes.size()); ++i)
    shown.push_back(Describe(changes[i]));
  return JsonReply(json::object{{"total", changes.size()}, {"changes", std::move(shown)}});
}

}  // namespace heapwatch
