// How alerts are saved: {"version": 1, "active": [entry...], "resolved": [entry...]}, times in
// milliseconds since the epoch, absent ones left out.
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "alerting/alert_state.h"
#include "analysis/base/json.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::int64_t kVersion = 1;

json::object LabelsToJson(const Labels& labels) {
  json::object out;
  for (const auto& [name, value] : labels) out[name] = value;
  return out;
}

Labels LabelsFromJson(const json::value& in) {
  Labels labels;
  for (const auto& [name, value] : in.as_object())
    labels.emplace(std::string(name), std::string(value.as_string()));
  return labels;
}

std::string HashToHex(ContentHash hash) {
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text;
}

ContentHash HashFromHex(std::string_view hex) {
  ContentHash hash;
  const char* begin = hex.data();
  if (hex.size() != 32 || std::from_chars(begin, begin + 16, hash.high, 16).ptr != begin + 16 ||
      std::from_chars(begin + 16, begin + 32, hash.low, 16).ptr != begin + 32)
    throw std::invalid_argument("\"" + std::string(hex) + "\" is not a site");
  return hash;
}

void PutTime(json::object& out, std::string_view name, const std::optional<Time>& time) {
  if (time) out[name] = ToUnixMillis(*time);
}

std::optional<Time> GetTime(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  if (value == nullptr) return std::nullopt;
  return FromUnixMillis(value->to_number<std::int64_t>());
}

std::string GetText(const json::object& in, std::string_view name) {
  return std::string(in.at(name).as_string());
}

}  // namespace

struct AlertStateJson {
  using Entry = AlertState::Entry;

  static json::object ToJson(const Entry& e) {
    json::object out = {{"phase", ToString(e.phase)},
                        {"service", e.key.service},
                        {"version", e.key.version},
                        {"site", HashToHex(e.key.site)},
                        {"is_churn", e.key.is_churn},
                        {"function", e.site.function},
                        {"file", e.site.file},
                        {"line", e.site.line},
                        {"line_is_relative", e.site.line_is_relative},
                        {"labels", LabelsToJson(e.labels)},
                        {"annotations", LabelsToJson(e.text.annotations)},
                        {"generator_url", e.text.generator_url},
                        {"evaluations", e.evaluations},
                        {"observation_count", e.observation_count},
                        {"alerted_rate", e.alerted_rate},
                        {"inuse_before_bytes", e.inuse_before_bytes},
                        {"inuse_peak_bytes", e.inuse_peak_bytes}};
    PutTime(out, "pending_since", e.pending_since);
    PutTime(out, "last_bad", e.last_bad);
    PutTime(out, "firing_since", e.firing_since);
    PutTime(out, "clear_since", e.clear_since);
    PutTime(out, "resolved_at", e.resolved_at);
    PutTime(out, "described_at", e.described_at);
    PutTime(out, "last_sent", e.last_sent);
    return out;
  }

  static Entry FromJson(const json::value& value) {
    const json::object& in = value.as_object();
    Entry e;
    const std::string phase = GetText(in, "phase");
    for (const AlertPhase p : {AlertPhase::kFiring, AlertPhase::kResolved})
      if (phase == ToString(p)) e.phase = p;
    e.key = {GetText(in, "service"), GetText(in, "version"), HashFromHex(GetText(in, "site")),
             in.at("is_churn").as_bool()};
    e.site = {GetText(in, "function"), GetText(in, "file"), in.at("line").to_number<std::int64_t>(),
              in.at("line_is_relative").as_bool()};
    e.labels = LabelsFromJson(in.at("labels"));
    e.text = {LabelsFromJson(in.at("annotations")), GetText(in, "generator_url")};
    e.evaluations = in.at("evaluations").to_number<std::size_t>();
    e.observation_count = in.at("observation_count").to_number<std::uint64_t>();
    e.alerted_rate = in.at("alerted_rate").to_number<double>();
    e.inuse_before_bytes = in.at("inuse_before_bytes").to_number<double>();
    e.inuse_peak_bytes = in.at("inuse_peak_bytes").to_number<double>();
    e.pending_since = GetTime(in, "pending_since").value();
    e.last_bad = GetTime(in, "last_bad").value();
    e.firing_since = GetTime(in, "firing_since");
    e.clear_since = GetTime(in, "clear_since");
    e.resolved_at = GetTime(in, "resolved_at");
    e.described_at = GetTime(in, "described_at");
    e.last_sent = GetTime(in, "last_sent");
    const bool fired = e.phase != AlertPhase::kPending;
    if (fired && (!e.firing_since || !e.described_at))
      throw std::invalid_argument("an alert that fired lacks its times");
    if ((e.phase == AlertPhase::kResolved) != e.resolved_at.has_value())
      throw std::invalid_argument("resolved_at does not fit the phase");
    return e;
  }
};

std::string AlertState::Save() const {
  json::array active;
  for (const auto& [key, entry] : active_) active.push_back(AlertStateJson::ToJson(entry));
  json::array resolved;
  for (const Entry& entry : resolved_) resolved.push_back(AlertStateJson::ToJson(entry));
  return ToJson(json::object{
      {"version", kVersion}, {"active", std::move(active)}, {"resolved", std::move(resolved)}});
}

Result<void> AlertState::Restore(std::string_view text) {
  std::map<FindingKey, Entry> active;
  std::vector<Entry> resolved;
  try {
    const json::value root = json::parse({text.data(), text.size()});
    const json::object& in = root.as_object();
    if (in.at("version").to_number<std::int64_t>() != kVersion)
      throw std::invalid_argument("of another version");
    for (const json::value& value : in.at("active").as_array()) {
      Entry entry = AlertStateJson::FromJson(value);
      if (entry.phase == AlertPhase::kResolved)
        throw std::invalid_argument("a resolved alert among the active ones");
      const FindingKey key = entry.key;
      active.emplace(key, std::move(entry));
    }
    for (const json::value& value : in.at("resolved").as_array()) {
      resolved.push_back(AlertStateJson::FromJson(value));
      if (resolved.back().phase != AlertPhase::kResolved)
        throw std::invalid_argument("an active alert among the resolved ones");
    }
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt, std::string("saved alerts cannot be read: ") + e.what());
  }
  active_ = std::move(active);
  resolved_ = std::move(resolved);
  return {};
}

}  // namespace heapwatch
