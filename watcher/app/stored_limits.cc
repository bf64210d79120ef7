#include "watcher/app/stored_limits.h"

#include <exception>
#include <set>
#include <string>

#include "alerting/json_fields.h"
#include "analysis/base/json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::string_view kKey = "memory_limits";
constexpr std::int64_t kVersion = 1;

std::string Save(const MemoryLimits& limits) {
  json::object saved;
  for (const auto& [id, bytes] : limits) saved[id.ToString()] = bytes;
  return ToJson(json::object{{"version", kVersion}, {"limits", std::move(saved)}});
}

}  // namespace

Result<MemoryLimits> ReadLimits(const Store& store) {
  const auto saved = store.GetState(kKey);
  if (!saved) return Fail(saved.error());
  MemoryLimits limits;
  if (!*saved) return limits;
  try {
    const json::object read = ParseSaved(**saved, kVersion);
    for (const auto& [id, bytes] : read.at("limits").as_object())
      limits.emplace(TargetId::Parse(id).value(), bytes.as_int64());
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt, std::string("saved limits cannot be read: ") + e.what());
  }
  return limits;
}

Result<void> KeepLimits(Store& store, const std::vector<TargetStatus>& statuses,
                        const std::vector<StoredTarget>& stored) {
  const auto before = ReadLimits(store);
  if (!before && before.error().code != ErrorCode::kCorrupt) return Fail(before.error());
  MemoryLimits limits = before ? *before : MemoryLimits();
  for (const TargetStatus& status : statuses) {
    const TargetId id = TargetId::Of(status.labels);
    if (status.memory_limit_bytes)
      limits.insert_or_assign(id, *status.memory_limit_bytes);
    else if (status.last_scrape)
      limits.erase(id);
  }
  std::set<TargetId> kept;
  for (const StoredTarget& target : stored) kept.insert(target.id);
  std::erase_if(limits, [&](const auto& limit) { return !kept.contains(limit.first); });
  if (before && *before == limits) return {};
  return store.PutState(kKey, Save(limits));
}

}  // namespace heapwatch
