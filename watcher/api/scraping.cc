#include "watcher/api/scraping.h"

#include <algorithm>
#include <utility>

#include "alerting/text.h"
#include "watcher/api/handlers.h"
#include "watcher/api/json_body.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTextRunes = 1000;

// The scraped targets among those watched that have these labels.
std::size_t CountScraped(const std::vector<TargetStatus>& targets, const Labels& of) {
  return static_cast<std::size_t>(std::count_if(
      targets.begin(), targets.end(),
      [&](const TargetStatus& target) { return !target.is_pushed && HasAll(target.labels, of); }));
}

// What the target with that id has for labels, watched or only stopped; else it is an instance.
Labels LabelsOfTarget(const std::string& text, const ReadViews& views) {
  for (const TargetStatus& target : views.Targets())
    if (TargetId::Of(target.labels).ToString() == text) return target.labels;
  for (const ScrapeStop& stop : views.ScrapeStops())
    if (TargetId::Of(stop.of).ToString() == text) return stop.of;
  return {{"instance", text}};
}

Result<Labels> Selected(const JsonBody& body, const ReadViews& views) {
  const std::string job = body.Text("job");
  const std::string target = body.Text("target");
  Labels of;
  if (!target.empty()) of = LabelsOfTarget(target, views);
  if (job.empty()) return of;
  if (const auto [known, is_new] = of.emplace("job", job); !is_new && known->second != job)
    return Fail(ErrorCode::kInvalidArgument,
                "job: target " + target + " belongs to the job \"" + known->second + "\"");
  return of;
}

// An empty text might be a variable that was not set: far from meaning everything.
Result<void> Check(const HttpRequest& request, const JsonBody& body) {
  const auto bad = [](std::string message) {
    return Fail(ErrorCode::kInvalidArgument, std::move(message));
  };
  const std::string action = body.Text("action");
  if (action != "stop" && action != "resume")
    return bad("action: \"" + action + "\" is neither stop nor resume");
  for (const char* name : {"job", "target"})
    if (body.Has(name) && body.Text(name).empty())
      return bad(std::string(name) + ": is empty; leave it out where all are meant");
  if (body.By().empty()) return bad("by: say who wants to " + action + " scraping");
  if (body.Text("reason").empty()) return bad("reason: say why scraping is to " + action);
  for (const char* name : {"by", "reason"})
    if (CountRunes(body.Text(name)) > kMaxTextRunes)
      return bad(std::string(name) + ": may have " + std::to_string(kMaxTextRunes) +
                 " characters at most");
  if (!request.query.empty()) return bad("give job and target in the body, not as parameters");
  return {};
}

Result<HttpResponse> Change(const HttpRequest& request, const ReadViews& views,
                            ScrapeStopKeeper& keeper) {
  const auto body = JsonBody::Read(request, {"action", "job", "target", "by", "reason"});
  if (!body) return Fail(body.error());
  if (auto ok = Check(request, *body); !ok) return Fail(ok.error());
  const auto of = Selected(*body, views);
  if (!of) return Fail(of.error());
  const std::string by = body->By();
  const std::string reason = body->Text("reason");
  if (body->Text("action") == "resume") {
    if (auto resumed = keeper.Resume(*of, by, reason); !resumed) return Fail(resumed.error());
    return GetScraping(request, views);
  }
  if (!of->empty() && CountScraped(views.Targets(), *of) == 0)
    return Fail(ErrorCode::kNotFound, "no target that is scraped has " + ToString(*of) +
                                          "; /api/v1/targets lists their jobs, instances and ids");
  const ScrapeStop stop{.of = *of, .by = by, .reason = reason, .since = views.Now()};
  if (auto stopped = keeper.Stop(stop); !stopped) return Fail(stopped.error());
  return GetScraping(request, views);
}

}  // namespace

Result<HttpResponse> GetScraping(const HttpRequest&, const ReadViews& views) {
  const auto targets = views.Targets();
  json::array stops;
  for (const ScrapeStop& stop : views.ScrapeStops())
    stops.push_back(json::object{{"labels", json::value_from(stop.of)},
                                 {"by", stop.by},
                                 {"reason", stop.reason},
                                 {"since", FormatRfc3339(stop.since)},
                                 {"targets", CountScraped(targets, stop.of)}});
  return JsonReply(json::object{{"stops", std::move(stops)}});
}

bool IsScrapingRequest(const HttpRequest& request) {
  return request.method == "POST" && request.path == "/api/v1/admin/scraping";
}

HttpResponse HandleScraping(const HttpRequest& request, const ReadViews& views, bool is_enabled,
                            ScrapeStopKeeper& keeper) {
  if (!is_enabled) {
    HttpResponse response = TextResponse(
        403,
        "Stopping and resuming scrapes over HTTP is off: start with --web.enable-admin-api, or "
        "take the target out of the configuration and send SIGHUP.");
    PutInEnvelope(response);
    return response;
  }
  auto answer = Change(request, views, keeper);
  return answer ? *std::move(answer) : ErrorReply(answer.error());
}

}  // namespace heapwatch
