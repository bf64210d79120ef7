#include "alerting/target_down.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alerting/json_fields.h"
#include "analysis/base/json.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::int64_t kVersion = 1;

}  // namespace

std::vector<Finding> GroupDownTargets(const std::vector<TargetHealth>& targets) {
  std::map<std::string, Finding> by_service;
  for (const TargetHealth& health : targets) {
    Finding& finding = by_service[ServiceOf(health.target)];
    if (finding.replica_count++ == 0) {
      finding.common_labels = health.target;
      for (const char* name : {"service", "version", "instance"}) finding.common_labels.erase(name);
    }
    std::erase_if(finding.common_labels, [&](const auto& label) {
      return Get(health.target, label.first) != label.second;
    });
    if (health.down_since)
      finding.down.push_back({health.target, *health.down_since, health.error});
  }
  std::vector<Finding> findings;
  for (auto& [service, finding] : by_service) {
    if (finding.down.empty()) continue;
    finding.problem = Problem::kTargetDown;
    finding.service = service;
    finding.site.function = "(targets that are down)";
    std::stable_sort(finding.down.begin(), finding.down.end(),
                     [](const DownTarget& a, const DownTarget& b) { return a.since < b.since; });
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::optional<Time> DownTimes::Update(const Labels& target, std::optional<bool> is_up, Time now) {
  if (is_up.value_or(false)) {
    since_.erase(target);
    return std::nullopt;
  }
  const auto known = since_.find(target);
  if (known == since_.end() && !is_up) return std::nullopt;
  // Where the clock was set back, it counts from now.
  const Time since = known == since_.end() ? now : std::min(known->second, now);
  round_.emplace(target, since);
  return since;
}

void DownTimes::EndRound(const std::optional<std::set<std::string>>& found_jobs) {
  std::erase_if(since_, [&](const auto& entry) {
    return !found_jobs || found_jobs->contains(std::string(Get(entry.first, "job")));
  });
  round_.merge(since_);
  since_ = std::exchange(round_, {});
}

std::string DownTimes::Save(Time now) const {
  json::array down;
  for (const auto& [target, since] : since_)
    down.push_back({{"target", json::value_from(target)}, {"since", ToUnixMillis(since)}});
  return ToJson(
      json::object{{"version", kVersion}, {"time", ToUnixMillis(now)}, {"down", std::move(down)}});
}

Result<std::vector<std::string>> DownTimes::Restore(std::string_view text, Time now) {
  std::map<Labels, Time> since;
  std::vector<std::string> passed_over;
  try {
    const json::object in = ParseSaved(text, kVersion);
    if (now - TimeField(in, "time") > kMostAway) return passed_over;
    const auto take = [&](const json::value& value) {
      const json::object& down = value.as_object();
      since.emplace(json::value_to<Labels>(down.at("target")), TimeField(down, "since"));
    };
    TakeEntries(in, "down", take, passed_over);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt, std::string("what was down cannot be read: ") + e.what());
  }
  since_ = std::move(since);
  return passed_over;
}

}  // namespace heapwatch
