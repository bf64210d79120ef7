#include "watcher/api/ack.h"

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "watcher/api/handlers.h"
#include "watcher/api/json_body.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::string_view kBefore = "/api/v1/sites/";
constexpr std::string_view kAfter = "/ack";

std::string_view SiteIn(std::string_view path) {
  path.remove_prefix(kBefore.size());
  path.remove_suffix(kAfter.size());
  return path;
}

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<Time> ExpiryIn(const JsonBody& body, Time now) {
  const std::string expires = body.Text("expires");
  const std::string duration = body.Text("for");
  if (expires.empty() == duration.empty())
    return Bad("give either `for`, such as \"7d\", or `expires`, such as \"" +
               FormatRfc3339(now + std::chrono::hours(24 * 7)) + "\"");
  if (!expires.empty()) {
    const auto time = ParseTime(expires, now);
    if (!time) return Fail(time.error().In("expires"));
    return *time;
  }
  const auto length = ParseDuration(duration);
  if (!length) return Fail(length.error().In("for"));
  return now + *length;
}

bool IsKnownSite(std::string_view id, const ReadViews& views) {
  for (const AlertView& alert : views.Alerts())
    if (alert.site_id == id) return true;
  const auto evaluation = views.LatestEvaluation();
  for (const TargetVerdicts& target : evaluation->targets)
    for (const Site& site : target.sites)
      if (site.id_text() == id) return true;
  return false;
}

// The services that are watched or alert.
std::set<std::string> KnownServices(const ReadViews& views) {
  std::set<std::string> services;
  for (const AlertView& alert : views.Alerts()) services.emplace(Get(alert.labels, "service"));
  const auto evaluation = views.LatestEvaluation();
  for (const TargetVerdicts& target : evaluation->targets)
    services.emplace(Get(target.target, "service"));
  return services;
}

// Whoever acknowledges a page knows how near the limit is.
bool PagesNow(const Ack& ack, const ReadViews& views) {
  const auto alerts = views.Alerts();
  return std::any_of(alerts.begin(), alerts.end(), [&](const AlertView& alert) {
    return alert.phase == AlertPhase::kFiring && alert.site_id == ack.site_id &&
           Get(alert.labels, "severity") == kPage &&
           (ack.service.empty() || Get(alert.labels, "service") == ack.service);
  });
}

json::object ToJson(const Ack& ack) {
  return {{"site", ack.site_id},
          {"service", ack.service},
          {"by", ack.author},
          {"reason", ack.reason},
          {"created", FormatRfc3339(ack.created)},
          {"expires", FormatRfc3339(ack.expires)},
          {"covers_pages", ack.covers_pages}};
}

Result<HttpResponse> Acknowledge(const HttpRequest& request, const ReadViews& views,
                                 AckKeeper& keeper) {
  const auto body = JsonBody::Read(request, {"by", "reason", "for", "expires", "service"});
  if (!body) return Fail(body.error());
  const Time now = views.Now();
  const auto expires = ExpiryIn(*body, now);
  if (!expires) return Fail(expires.error());
  Ack ack{.site_id = std::string(SiteIn(request.path)),
          .service = body->Text("service"),
          .author = body->By(),
          .reason = body->Text("reason"),
          .created = now,
          .expires = *expires,
          .covers_pages = false};
  if (!IsKnownSite(ack.site_id, views))
    return Fail(ErrorCode::kNotFound, "\"" + ack.site_id +
                                          "\" is the id of no site that is watched now; "
                                          "/api/v1/sites and /api/v1/alerts tell the ids");
  if (const auto known = KnownServices(views); !ack.service.empty() && !known.contains(ack.service))
    return Fail(ErrorCode::kNotFound, "service: \"" + ack.service +
                                          "\" is not watched now; the services are " +
                                          boost::algorithm::join(known, ", "));
  ack.covers_pages = PagesNow(ack, views);
  if (auto kept = keeper.Acknowledge(ack); !kept) return Fail(kept.error());
  return JsonReply(ToJson(ack));
}

Result<HttpResponse> Withdraw(const HttpRequest& request, AckKeeper& keeper) {
  const auto body = JsonBody::Read(request, {"by", "service"});
  if (!body) return Fail(body.error());
  const auto withdrawn =
      keeper.Withdraw(std::string(SiteIn(request.path)), body->Text("service"), body->By());
  if (!withdrawn) return Fail(withdrawn.error());
  return JsonReply(ToJson(*withdrawn));
}

}  // namespace

bool IsAckRequest(const HttpRequest& request) {
  return (request.method == "POST" || request.method == "DELETE") &&
         request.path.size() > kBefore.size() + kAfter.size() &&
         request.path.starts_with(kBefore) && request.path.ends_with(kAfter);
}

HttpResponse HandleAck(const HttpRequest& request, const ReadViews& views, AckKeeper& keeper) {
  auto answer =
      request.method == "POST" ? Acknowledge(request, views, keeper) : Withdraw(request, keeper);
  return answer ? *std::move(answer) : ErrorReply(answer.error());
}

Result<HttpResponse> GetAcks(const HttpRequest&, const ReadViews& views) {
  const AckBook book = views.Acks();
  json::array acks;
  for (const Ack& ack : book.Active()) acks.push_back(ToJson(ack));
  json::array audit;
  for (const AckRecord& record : book.Audit())
    audit.push_back(json::object{{"time", FormatRfc3339(record.time)},
                                 {"action", record.action},
                                 {"by", record.by},
                                 {"ack", ToJson(record.ack)}});
  return JsonReply(json::object{{"acks", std::move(acks)}, {"audit", std::move(audit)}});
}

}  // namespace heapwatch
