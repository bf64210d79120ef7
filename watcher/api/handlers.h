// One handler for each address. The router (handle_api.cc) has checked the method and the
// parameters' names before it calls.
#pragma once

#include <optional>
#include <string_view>

#include "analysis/base/error.h"
#include "watcher/api/read_views.h"
#include "watcher/net/http.h"

namespace heapwatch {

Result<HttpResponse> GetTargets(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetServices(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetSites(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetFindings(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetSeries(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetSparklines(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetSnapshots(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetSnapshot(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetDiff(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetTree(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetAlerts(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetConfig(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetAlertHistory(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetAcks(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetScraping(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetMetrics(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetHealthy(const HttpRequest& request, const ReadViews& views);
Result<HttpResponse> GetReady(const HttpRequest& request, const ReadViews& views);

// The page, where a person's browser asks for one of its views or for a file it consists of.
std::optional<HttpResponse> PageFile(const HttpRequest& request);

// The target that the parameter `name` names.
Result<StoredTarget> TargetParameter(const HttpRequest& request, std::string_view name,
                                     const ReadViews& views);

// Whether that is the site's id, its function or its whole name.
bool IsNamed(const Site& site, std::string_view wanted);
// The one site of a window that is named so.
Result<SiteId> FindSite(const SiteWindow& window, std::string_view wanted);

// Snapshots or points in one answer, at most.
inline constexpr std::size_t kMostPoints = 11'000;

}  // namespace heapwatch
