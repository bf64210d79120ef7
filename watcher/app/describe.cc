#include "watcher/app/describe.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "alerting/message.h"
#include "alerting/webhook_payload.h"
#include "analysis/base/attempt.h"
#include "analysis/profile/diff_text.h"

namespace heapwatch {
namespace {

constexpr std::size_t kSitesInAlert = 5;
// The load at an end of a stretch is what was allocated in this share of it.
constexpr int kEndsOfStretch = 10;

// What was allocated per second from `from` to `to`.
std::optional<double> AllocRate(const Store& store, TargetId target, Time from, Time to) {
  const auto snapshots = Attempt([&] { return store.Snapshots(target, from, to); });
  if (!snapshots || snapshots->size() < 2) return std::nullopt;
  const SnapshotInfo& first = snapshots->front();
  const SnapshotInfo& last = snapshots->back();
  // Less than before: another process, which began at zero.
  if (!first.alloc_bytes || !last.alloc_bytes || *last.alloc_bytes < *first.alloc_bytes)
    return std::nullopt;
  return static_cast<double>(*last.alloc_bytes - *first.alloc_bytes) /
         Seconds(last.time - first.time);
}

std::optional<LoadChange> LoadOver(const Evidence& evidence, const Store& store) {
  const TargetId target = TargetId::Of(evidence.target);
  const Duration end = (evidence.to - evidence.from) / kEndsOfStretch;
  const auto before = AllocRate(store, target, evidence.from, evidence.from + end);
  const auto after = AllocRate(store, target, evidence.to - end, evidence.to);
  if (!before || !after) return std::nullopt;
  return LoadChange{*before, *after};
}

template <typename Value>
std::optional<Value> Of(const std::map<Labels, Value>& known, const Labels& target) {
  const auto found = known.find(target);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Result<ProfileDiff> DiffOf(const Evidence& evidence, const Store& store,
                           const SiteAttributor& attributor) {
  return Attempt([&]() -> Result<ProfileDiff> {
    const TargetId target = TargetId::Of(evidence.target);
    const auto before = store.ProfileAt(target, evidence.from);
    if (!before) return Fail(before.error());
    const auto after = store.ProfileAt(target, evidence.to);
    if (!after) return Fail(after.error());
    return DiffProfiles(*before, *after, attributor, {.sample_type = evidence.sample_type});
  });
}

AlertText Describe(const Finding& finding, const Labels& labels, const DescribeParts& parts) {
  MessageContext context;
  context.external_url = parts.external_url;
  context.asks_password = parts.asks_password;
  context.labels = labels;
  context.links = parts.links;
  if (!finding.replicas.empty()) {
    const Evidence evidence = EvidenceOf(finding);
    context.target_id = TargetId::Of(evidence.target).ToString();
    context.load = LoadOver(evidence, parts.store);
    context.gc_cpu_share = Of(parts.gc_cpu_shares, evidence.target);
    if (const ReplicaVerdict* soonest = SoonestAtLimit(finding))
      context.memory_limit_bytes = Of(parts.memory_limits, soonest->target);
    context.gogc = parts.gogc;
    if (const auto diff = DiffOf(evidence, parts.store, parts.attributor); diff) {
      std::set<ContentHash> told;
      for (const Finding& member : finding.members) told.insert(member.site.id());
      if (told.empty()) told.insert(finding.site.id());
      context.diff_text = RenderTopSites(*diff, kSitesInAlert, told);
    } else {
      spdlog::warn("no diff for the alert on {}: {}", ToString(evidence.target),
                   diff.error().message);
    }
  }
  AlertText text = DescribeFinding(finding, context);
  text.finding_json = FindingJson(finding);
  return text;
}

}  // namespace heapwatch
