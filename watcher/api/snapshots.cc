// /api/v1/snapshots and /api/v1/snapshot: the moments kept, and the heap profile of one.
#include <array>
#include <string>

#include "analysis/profile/encode.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"
#include "watcher/api/to_json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange = std::chrono::hours(24);

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
  // The latest ones, where there are more than one answer holds; `total` tells.
  const std::size_t first = snapshots->size() - std::min(snapshots->size(), kMostPoints);
  json::array shown;
  for (std::size_t i = first; i < snapshots->size(); ++i)
    shown.push_back(Describe((*snapshots)[i]));
  return JsonReply(json::object{{"target", target->id.ToString()},
                                {"labels", ToJson(target->labels)},
                                {"from", FormatRfc3339(range->from)},
                                {"to", FormatRfc3339(range->to)},
                                {"total", snapshots->size()},
                                {"snapshots", std::move(shown)}});
}

Result<HttpResponse> GetSnapshot(const HttpRequest& request, const ReadViews& views) {
  static constexpr std::array<std::string_view, 1> kFormats = {"pprof"};
  if (const auto format = ChoiceParameter(request, "format", kFormats); !format)
    return Fail(format.error());
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  const auto time = TimeParameter(request, "t", views.Now());
  if (!time) return Fail(time.error());
  const auto profile = views.store().ProfileAt(target->id, *time);
  if (!profile) return Fail(profile.error());
  const std::string taken = FormatRfc3339(profile->time.value_or(*time));
  HttpResponse response =
      FileReply("application/octet-stream",
                "heap-" + std::string(Get(target->labels, "instance")) + "-" + taken + ".pb.gz",
                EncodePprof(*profile));
  response.headers["x-heapwatch-snapshot-time"] = taken;
  return response;
}

}  // namespace heapwatch
