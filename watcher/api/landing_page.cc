// The start page: plain HTML without script, every text from outside escaped.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/base/units.h"
#include "analysis/base/utf8.h"
#include "watcher/api/handlers.h"
#include "watcher/api/to_json.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMostRows = 50;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Heapwatch</title><style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
code{overflow-wrap:anywhere}
</style></head><body>
<h1>Heapwatch</h1>
)";

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Link(std::string_view address, std::string_view text) {
  return "<a href=\"" + Escape(address) + "\">" + Escape(text) + "</a>";
}

struct Row {
  const Labels* target;
  const Site* site;
  const Verdict* verdict;
};

// The sites that somebody should look at, leaks first.
std::vector<Row> NotableSites(const Evaluation& evaluation) {
  std::vector<Row> rows;
  for (const VerdictKind kind :
       {VerdictKind::kLeak, VerdictKind::kGrowing, VerdictKind::kChurn, VerdictKind::kPlateau}) {
    const auto begin = static_cast<std::ptrdiff_t>(rows.size());
    for (const TargetVerdicts& judged : evaluation.targets) {
      for (const Verdict& verdict : judged.verdicts) {
        if (verdict.kind == kind)
          rows.push_back({&judged.target, &judged.sites[verdict.site.index()], &verdict});
      }
    }
    std::stable_sort(rows.begin() + begin, rows.end(), [](const Row& a, const Row& b) {
      return a.verdict->slope_bytes_per_second > b.verdict->slope_bytes_per_second;
    });
  }
  return rows;
}

std::string SitesTable(const Evaluation& evaluation) {
  const std::vector<Row> rows = NotableSites(evaluation);
  std::string out = "<h2>Sites</h2>\n";
  if (rows.empty()) {
    return out +
           "<p>No site leaks, grows, churns or has levelled off, as far as has been seen until "
           "now. "
           "The verdicts on all sites: " +
           Link("/api/v1/sites", "/api/v1/sites") + ".</p>\n";
  }
  out +=
      "<table><tr><th>verdict</th><th>site</th><th>live</th><th>slope</th><th>target</th>"
      "<th>why</th><th>what changed</th></tr>\n";
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const Row& row = rows[i];
    const VerdictLinks links = LinksOf(*row.target, *row.site, *row.verdict);
    out += "<tr><td>" + Escape(ToString(row.verdict->kind)) + "</td><td><code>" +
           Escape(row.site->ToString()) + "</code></td><td>" +
           Escape(FormatBytes(row.verdict->inuse_bytes)) + "</td><td>" +
           Escape(FormatBytesPerHour(row.verdict->slope_bytes_per_second * 3600)) + "</td><td>" +
           Escape(Get(*row.target, "instance")) + "</td><td>" + Escape(row.verdict->reason) +
           "</td><td>" + Link(links.diff_text, "text") + " " + Link(links.diff_svg, "flames") +
           " " + Link(links.diff_pprof, "pprof") + " " + Link(links.series, "series") +
           "</td></tr>\n";
  }
  out += "</table>\n";
  if (rows.size() > kMostRows)
    out += "<p>and " + std::to_string(rows.size() - kMostRows) +
           " more: " + Link("/api/v1/sites", "/api/v1/sites") + "</p>\n";
  return out;
}

std::string TargetsTable(const std::vector<TargetStatus>& targets) {
  std::string out = "<h2>Targets</h2>\n";
  if (targets.empty()) return out + "<p>The configuration names no target.</p>\n";
  out += "<table><tr><th>health</th><th>target</th><th>last scrape</th><th>error</th></tr>\n";
  for (std::size_t i = 0; i < std::min(targets.size(), kMostRows); ++i) {
    const TargetStatus& target = targets[i];
    out += std::string("<tr><td>") +
           (!target.last_scrape ? "not scraped yet"
            : target.up         ? "up"
                                : "down") +
           "</td><td><code>" + Escape(ToString(target.labels)) + "</code></td><td>" +
           (target.last_scrape ? FormatRfc3339(*target.last_scrape) : "") + "</td><td>" +
           Escape(target.last_error) + "</td></tr>\n";
  }
  out += "</table>\n";
  if (targets.size() > kMostRows)
    out += "<p>and " + std::to_string(targets.size() - kMostRows) +
           " more: " + Link("/api/v1/targets", "/api/v1/targets") + "</p>\n";
  return out;
}

std::string AlertsList(const std::vector<AlertView>& alerts) {
  std::string out;
  for (const AlertView& alert : alerts) {
    if (alert.phase != AlertPhase::kFiring || !alert.firing_since) continue;
    const std::string_view summary = Get(alert.annotations, "summary");
    out += "<li>" + Escape(summary.empty() ? Get(alert.labels, "alertname") : summary) +
           " (since " + FormatRfc3339(*alert.firing_since) + ")</li>\n";
  }
  if (out.empty()) return "<h2>Alerts</h2>\n<p>None fires.</p>\n";
  return "<h2>Alerts</h2>\n<ul>\n" + out + "</ul>\n";
}

std::string Addresses(std::span<const Route> routes) {
  std::string out = "<h2>Addresses</h2>\n<table>\n";
  for (const Route& route : routes) {
    std::string parameters;
    for (const std::string_view name : route.parameters)
      parameters += (parameters.empty() ? "" : ", ") + std::string(name);
    out += "<tr><td>" + Link(route.path, route.path) + "</td><td>" + Escape(route.purpose) +
           "</td><td>" + Escape(parameters) + "</td></tr>\n";
  }
  return out + "</table>\n";
}

}  // namespace

HttpResponse LandingPage(const ReadViews& views, std::span<const Route> routes) {
  const auto evaluation = views.LatestEvaluation();
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = ToUtf8(std::string(kHead) + AlertsList(views.Alerts()) + SitesTable(*evaluation) +
                         TargetsTable(views.Targets()) + Addresses(routes) + "</body></html>\n");
  return response;
}

}  // namespace heapwatch
