// How alerts are saved: {"version": 2, "active": [entry...], "resolved": [entry...]}, times in
// milliseconds since the epoch, absent ones left out.
#include <boost/json.hpp>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "alerting/alert_state.h"
#include "alerting/json_fields.h"
#include "analysis/base/json.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::int64_t kVersion = 2;

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

json::object SiteToJson(const Site& site) {
  return {{"function", site.function},
          {"file", site.file},
          {"line", site.line},
          {"line_is_relative", site.line_is_relative}};
}

Site SiteFromJson(const json::value& value) {
  const json::object& in = value.as_object();
  return {TextField(in, "function"), TextField(in, "file"), in.at("line").to_number<std::int64_t>(),
          in.at("line_is_relative").as_bool()};
}

json::object KeyToJson(const FindingKey& key) {
  return {{"problem", ToString(key.problem)},
          {"service", key.service},
          {"version", key.version},
          {"site", HashToHex(key.site)}};
}

FindingKey KeyFromJson(const json::value& value) {
  const json::object& in = value.as_object();
  const auto problem = ProblemFromString(TextField(in, "problem"));
  if (!problem) throw std::invalid_argument("\"" + TextField(in, "problem") + "\" is no problem");
  return {*problem, TextField(in, "service"), TextField(in, "version"),
          HashFromHex(TextField(in, "site"))};
}

json::object TextToJson(const AlertText& text) {
  json::object out = {{"annotations", json::value_from(text.annotations)},
                      {"generator_url", text.generator_url},
                      {"finding", text.finding_json}};
  if (text.evidence)
    out["evidence"] = {{"target", json::value_from(text.evidence->target)},
                       {"from", ToUnixMillis(text.evidence->from)},
                       {"to", ToUnixMillis(text.evidence->to)},
                       {"sample_type", text.evidence->sample_type}};
  return out;
}

AlertText TextFromJson(const json::value& value) {
  const json::object& in = value.as_object();
  AlertText text{.annotations = json::value_to<Labels>(in.at("annotations")),
                 .generator_url = TextField(in, "generator_url"),
                 .evidence = {},
                 .finding_json = TextField(in, "finding")};
  if (const json::value* found = in.if_contains("evidence")) {
    const json::object& evidence = found->as_object();
    text.evidence =
        Evidence{json::value_to<Labels>(evidence.at("target")), TimeField(evidence, "from"),
                 TimeField(evidence, "to"), TextField(evidence, "sample_type")};
  }
  return text;
}

}  // namespace

struct AlertStateJson {
  using Entry = AlertState::Entry;

  static json::object ToJson(const Entry& e) {
    json::array members;
    for (const Site& member : e.members) members.push_back(SiteToJson(member));
    json::object out = {{"phase", ToString(e.phase)},
                        {"key", KeyToJson(e.key)},
                        {"site", SiteToJson(e.site)},
                        {"members", std::move(members)},
                        {"labels", json::value_from(e.labels)},
                        {"text", TextToJson(e.text)},
                        {"alerted_rate", e.figures.rate},
                        {"inuse_before_bytes", e.figures.inuse_before_bytes},
                        {"inuse_peak_bytes", e.figures.inuse_peak_bytes}};
    if (e.mute)
      out["mute"] = {
          {"by", e.mute->by}, {"reason", e.mute->reason}, {"until", ToUnixMillis(e.mute->until)}};
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
    const std::string phase = TextField(in, "phase");
    for (const AlertPhase p : {AlertPhase::kFiring, AlertPhase::kResolved})
      if (phase == ToString(p)) e.phase = p;
    e.key = KeyFromJson(in.at("key"));
    e.site = SiteFromJson(in.at("site"));
    for (const json::value& member : in.at("members").as_array())
      e.members.push_back(SiteFromJson(member));
    e.labels = json::value_to<Labels>(in.at("labels"));
    e.text = TextFromJson(in.at("text"));
    e.figures = {in.at("alerted_rate").to_number<double>(),
                 in.at("inuse_before_bytes").to_number<double>(),
                 in.at("inuse_peak_bytes").to_number<double>()};
    if (const json::value* found = in.if_contains("mute")) {
      const json::object& mute = found->as_object();
      e.mute = Mute{TextField(mute, "by"), TextField(mute, "reason"), TimeField(mute, "until")};
    }
    e.pending_since = TimeField(in, "pending_since");
    e.last_bad = TimeField(in, "last_bad");
    e.firing_since = OptionalTimeField(in, "firing_since");
    e.clear_since = OptionalTimeField(in, "clear_since");
    e.resolved_at = OptionalTimeField(in, "resolved_at");
    e.described_at = OptionalTimeField(in, "described_at");
    e.last_sent = OptionalTimeField(in, "last_sent");
    const bool fired = e.phase != AlertPhase::kPending;
    if (fired && (!e.firing_since || !e.described_at))
      throw std::invalid_argument("an alert that fired lacks its times");
    if ((e.phase == AlertPhase::kResolved) != e.resolved_at.has_value())
      throw std::invalid_argument("resolved_at does not fit the phase");
    return e;
  }
};

std::string AlertState::Save(const std::set<Labels>& untold) const {
  const auto to_json = [&](const Entry& entry) {
    json::object out = AlertStateJson::ToJson(entry);
    if (untold.contains(SentLabels(entry))) out.erase("last_sent");
    return out;
  };
  json::array active;
  for (const auto& [key, entry] : active_) active.push_back(to_json(entry));
  json::array resolved;
  for (const Entry& entry : resolved_) resolved.push_back(to_json(entry));
  return ToJson(json::object{
      {"version", kVersion}, {"active", std::move(active)}, {"resolved", std::move(resolved)}});
}

Result<std::vector<std::string>> AlertState::Restore(std::string_view text) {
  std::map<FindingKey, Entry> active;
  std::vector<Entry> resolved;
  std::vector<std::string> passed_over;
  try {
    const json::object in = ParseSaved(text, kVersion);
    const auto take_active = [&](const json::value& value) {
      Entry entry = AlertStateJson::FromJson(value);
      if (entry.phase == AlertPhase::kResolved)
        throw std::invalid_argument("a resolved alert among the active ones");
      const FindingKey key = entry.key;
      active.emplace(key, std::move(entry));
    };
    const auto take_resolved = [&](const json::value& value) {
      Entry entry = AlertStateJson::FromJson(value);
      if (entry.phase != AlertPhase::kResolved)
        throw std::invalid_argument("an active alert among the resolved ones");
      resolved.push_back(std::move(entry));
    };
    TakeEntries(in, "active", take_active, passed_over);
    TakeEntries(in, "resolved", take_resolved, passed_over);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt, std::string("saved alerts cannot be read: ") + e.what());
  }
  active_ = std::move(active);
  resolved_ = std::move(resolved);
  return passed_over;
}

}  // namespace heapwatch
