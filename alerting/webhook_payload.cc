#include "alerting/webhook_payload.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alerting/json_fields.h"
#include "alerting/text.h"
#include "alerting/verdict_json.h"
#include "analysis/base/base64.h"
#include "analysis/base/json.h"
#include "analysis/base/units.h"
#include "analysis/profile/diff_json.h"
#include "analysis/profile/diff_pprof.h"
#include "analysis/profile/flame_svg.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 2;
constexpr std::size_t kReplicas = 20;
constexpr std::size_t kDiffEntries = 50;  // of each list

json::object ToJsonObject(const ReplicaVerdict& replica) {
  json::object out = ToJson(replica.verdict);
  out["labels"] = json::value_from(replica.target);
  PutFigure(out, "process_inuse_bytes", replica.process_inuse_bytes);
  PutFigure(out, "process_alloc_bytes_per_second", replica.process_alloc_bytes_per_second);
  return out;
}

json::object ToJsonObject(const PooledGrowth& pooled) {
  json::object out = {{"only_together", pooled.only_together}};
  PutFigure(out, "slope_bytes_per_second", pooled.slope_bytes_per_second);
  PutFigure(out, "slope_low_bytes_per_second", pooled.slope_interval.low);
  PutFigure(out, "slope_high_bytes_per_second", pooled.slope_interval.high);
  PutFigure(out, "z", pooled.z);
  PutFigure(out, "total_growth_bytes", pooled.total_growth_bytes);
  return out;
}

json::object ToJsonObject(const VersionChange& change) {
  json::object out = {{"version_before", change.version_before},
                      {"growth_is_new", change.growth_is_new},
                      {"allocates_more", change.allocates_more}};
  PutFigure(out, "slope_before_bytes_per_second", change.slope_before);
  PutFigure(out, "slope_before_low_bytes_per_second", change.slope_interval_before.low);
  PutFigure(out, "slope_before_high_bytes_per_second", change.slope_interval_before.high);
  PutFigure(out, "alloc_ratio", change.alloc_ratio);
  return out;
}

json::object ToJsonObject(const Finding& finding) {
  json::object out = {{"problem", ToString(finding.problem)},
                      {"service", finding.service},
                      {"version", finding.version},
                      {"replica_count", finding.replica_count}};
  if (finding.problem == Problem::kTargetDown) {
    json::array down;
    for (std::size_t i = 0; i < std::min(kReplicas, finding.down.size()); ++i)
      down.push_back({{"labels", json::value_from(finding.down[i].target)},
                      {"since", FormatRfc3339(finding.down[i].since)},
                      {"error", finding.down[i].error}});
    out["down_count"] = finding.down.size();
    out["down"] = std::move(down);
    return out;
  }
  out["verdict"] = ToString(finding.kind);
  out["reason"] = finding.reason;
  if (finding.members.empty()) out["site"] = ToJson(finding.site);
  json::array members;
  for (const Finding& member : finding.members)
    if (members.size() < kReplicas) members.push_back(ToJsonObject(member));
  if (!members.empty()) out["sites"] = std::move(members);
  json::array replicas;
  for (std::size_t i = 0; i < std::min(kReplicas, finding.replicas.size()); ++i)
    replicas.push_back(ToJsonObject(finding.replicas[i]));
  out["showing"] = finding.replicas.size();
  out["replicas"] = std::move(replicas);
  if (finding.pooled) out["pooled"] = ToJsonObject(*finding.pooled);
  if (finding.change) out["change"] = ToJsonObject(*finding.change);
  return out;
}

// The same for the alert firing and resolved, another for the next time it fires.
std::string IdOf(const Alert& alert) {
  return HexHashOf(ToString(alert.labels) + FormatRfc3339(alert.starts_at));
}

std::string Over(std::string_view name, std::size_t size) {
  return std::string(name) + ": " + FormatBytes(static_cast<double>(size)) +
         " more would be over max_body";
}

}  // namespace

std::string FindingJson(const Finding& finding) { return ToJson(ToJsonObject(finding)); }

std::string WebhookBody(const Alert& alert, const ProfileDiff* diff, std::size_t max_bytes) {
  json::object out = {{"version", kVersion},
                      {"id", IdOf(alert)},
                      {"status", alert.is_resolved ? "resolved" : "firing"},
                      {"labels", json::value_from(alert.labels)},
                      {"annotations", json::value_from(alert.annotations)},
                      {"starts_at", FormatRfc3339(alert.starts_at)},
                      {"generator_url", alert.generator_url}};
  if (alert.is_resolved) out["ends_at"] = FormatRfc3339(alert.ends_at);
  json::error_code failed;
  json::value finding = json::parse(alert.finding_json, failed);
  out["finding"] = failed ? json::value(nullptr) : std::move(finding);
  json::array left_out;
  json::array attachments;
  // What the document takes by itself, with room for the names of what is left out.
  constexpr std::size_t kRoomForNames = 512;
  std::size_t size = ToJson(out).size() + kRoomForNames;
  const auto fits = [&](std::string_view name, std::size_t more) {
    if (size + more > max_bytes) {
      left_out.push_back(json::string(Over(name, more)));
      return false;
    }
    size += more;
    return true;
  };
  out["diff"] = nullptr;
  if (diff != nullptr) {
    json::object told = DiffToJson(*diff, kDiffEntries);
    if (fits("diff", ToJson(told).size())) out["diff"] = std::move(told);
    const auto attach = [&](std::string_view name, std::string_view type, std::string_view bytes) {
      if (!fits(name, 4 * ((bytes.size() + 2) / 3) + 100)) return;
      attachments.push_back(
          json::object{{"name", name}, {"content_type", type}, {"base64", EncodeBase64(bytes)}});
    };
    attach("diff.pb.gz", "application/octet-stream", DiffToPprof(*diff));
    attach("diff.svg", "image/svg+xml", DiffToSvg(*diff));
  }
  out["attachments"] = std::move(attachments);
  out["left_out"] = std::move(left_out);
  return ToJson(out) + "\n";
}

}  // namespace heapwatch
