// /api/v1/snapshots and /api/v1/snapshot: the moments kept, and the heap profile of one.
#include <array>
#include <string>

#include "analysis/profile/diff_json.h"
#include "analysis/profile/encode.h"
#include "watcher/api/compare.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange = std::chrono::hours(24);
constexpr std::size_t kSnapshotEntries = 1000;  // of each list

json::object Describe(const SnapshotInfo& snapshot) {
  json::object out = {{"time", FormatRfc3339(snapshot.time)}, {"samples", snapshot.samples}};
  if (snapshot.inuse_bytes) out["inuse_bytes"] = *snapshot.inuse_bytes;
  if (snapshot.alloc_bytes) out["alloc_bytes"] = *snapshot.alloc_bytes;
  return out;
}

}  // namespace

Result<HttpResponse> GetSnapshots(const HttpRequest& request, const ReadViews& views) {
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  const auto range = TimeRangeParameters(request, views.Now(), kDefaultRange);
  if (!range) return Fail(range.error());
  const auto snapshots = views.store().Snapshots(target->id, range->from, range->to);
  if (!snapshots) return Fail(snapshots.error());
  const auto points = CountParameterOr(request, "points", kMostPoints, kMostPoints);
  if (!points) return Fail(points.error());
  json::array shown;
  if (request.Query("points").empty()) {
    // The latest ones, where there are more than one answer holds; `total` tells.
    const std::size_t first = snapshots->size() - std::min(snapshots->size(), kMostPoints);
    for (std::size_t i = first; i < snapshots->size(); ++i)
      shown.push_back(Describe((*snapshots)[i]));
  } else {
    for (const std::size_t i : EvenlySpread(snapshots->size(), *points))
      shown.push_back(Describe((*snapshots)[i]));
  }
  return JsonReply(json::object{{"target", target->id.ToString()},
                                {"labels", json::value_from(target->labels)},
                                {"from", FormatRfc3339(range->from)},
                                {"to", FormatRfc3339(range->to)},
                                {"total", snapshots->size()},
                                {"snapshots", std::move(shown)}});
}

Result<HttpResponse> GetSnapshot(const HttpRequest& request, const ReadViews& views) {
  static constexpr std::array<std::string_view, 2> kFormats = {"pprof", "json"};
  const auto format = ChoiceParameter(request, "format", kFormats);
  if (!format) return Fail(format.error());
  if (*format == "json") {
    const auto top = CountParameterOr(request, "top", kSnapshotEntries, kMostPoints);
    if (!top) return Fail(top.error());
    const auto heap = FromNothing(request, views);
    if (!heap) return Fail(heap.error());
    return JsonReply(DiffToJson(heap->diff, *top));
  }
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  const auto moment = ReadSnapshot(*target, request, "t", views);
  if (!moment) return Fail(moment.error());
  HttpResponse response = FileReply("application/octet-stream",
                                    "heap-" + moment->instance() + "-" + moment->taken() + ".pb.gz",
                                    EncodePprof(moment->profile));
  response.headers["x-heapwatch-snapshot-time"] = moment->taken();
  return response;
}

}  // namespace heapwatch
