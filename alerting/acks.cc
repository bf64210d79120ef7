#include "alerting/acks.h"

#include <boost/json.hpp>

#include "alerting/json_fields.h"
#include "alerting/text.h"
#include "analysis/base/json.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::int64_t kVersion = 1;
constexpr Duration kLongest = std::chrono::hours(24 * 366);

Result<void> Check(const Ack& ack) {
  const auto bad = [](std::string message) {
    return Fail(ErrorCode::kInvalidArgument, std::move(message));
  };
  if (ack.author.empty()) return bad("by: say who acknowledges it");
  if (ack.reason.empty()) return bad("reason: say why this growth is known and fine for now");
  if (CountRunes(ack.author) > AckBook::kMaxTextRunes ||
      CountRunes(ack.reason) > AckBook::kMaxTextRunes)
    return bad("by and reason may have " + std::to_string(AckBook::kMaxTextRunes) +
               " characters at most");
  if (ack.expires <= ack.created) return bad("expires: " + FormatRfc3339(ack.expires) + " is past");
  if (ack.expires - ack.created > kLongest)
    return bad(
        "expires: at most a year ahead; what is known for longer belongs under `mute` in "
        "the configuration");
  return {};
}

json::object ToJsonObject(const Ack& ack) {
  return {{"site", ack.site_id},
          {"service", ack.service},
          {"author", ack.author},
          {"reason", ack.reason},
          {"created", ToUnixMillis(ack.created)},
          {"expires", ToUnixMillis(ack.expires)},
          {"covers_pages", ack.covers_pages}};
}

Ack AckFrom(const json::value& value) {
  const json::object& in = value.as_object();
  return {.site_id = TextField(in, "site"),
          .service = TextField(in, "service"),
          .author = TextField(in, "author"),
          .reason = TextField(in, "reason"),
          .created = TimeField(in, "created"),
          .expires = TimeField(in, "expires"),
          .covers_pages = in.at("covers_pages").as_bool()};
}

}  // namespace

Result<void> AckBook::Add(Ack ack) {
  if (auto ok = Check(ack); !ok) return ok;
  std::pair key(ack.site_id, ack.service);
  const bool is_known = active_.contains(key);
  if (!is_known && active_.size() >= kMaxActive)
    return Fail(ErrorCode::kLimit, std::to_string(kMaxActive) +
                                       " sites are acknowledged already: withdraw some, or mute by "
                                       "pattern in the configuration");
  Record(ack.created, is_known ? "replaced" : "acknowledged", ack.author, ack);
  active_.insert_or_assign(std::move(key), std::move(ack));
  return {};
}

Result<Ack> AckBook::Withdraw(std::string_view site_id, std::string_view service,
                              std::string_view author, Time now) {
  if (author.empty())
    return Fail(ErrorCode::kInvalidArgument, "by: say who withdraws the acknowledgement");
  const auto it = active_.find({std::string(site_id), std::string(service)});
  if (it == active_.end())
    return Fail(ErrorCode::kNotFound,
                "site " + std::string(site_id) + " is not acknowledged" +
                    (service.empty() ? std::string(" for all services")
                                     : " for service \"" + std::string(service) + "\""));
  Ack ack = std::move(it->second);
  active_.erase(it);
  Record(now, "withdrawn", std::string(author), ack);
  return ack;
}

bool AckBook::Expire(Time now) {
  const std::size_t before = active_.size();
  std::erase_if(active_, [&](const auto& entry) {
    if (now < entry.second.expires) return false;
    Record(entry.second.expires, "expired", "", entry.second);
    return true;
  });
  return active_.size() != before;
}

std::optional<Mute> AckBook::MuteOf(std::string_view site_id, std::string_view service,
                                    std::string_view severity, Time now) const {
  for (const std::string_view of : {service, std::string_view()}) {
    const auto it = active_.find({std::string(site_id), std::string(of)});
    if (it == active_.end() || now >= it->second.expires) continue;
    if (severity == kPage && !it->second.covers_pages) continue;
    return Mute{it->second.author, it->second.reason, it->second.expires};
  }
  return std::nullopt;
}

std::vector<Ack> AckBook::Active() const {
  std::vector<Ack> acks;
  for (const auto& [key, ack] : active_) acks.push_back(ack);
  return acks;
}

std::vector<AckRecord> AckBook::Audit() const { return {audit_.rbegin(), audit_.rend()}; }

void AckBook::Record(Time time, std::string action, std::string by, const Ack& ack) {
  audit_.push_back({time, std::move(action), std::move(by), ack});
  if (audit_.size() > kMaxAudit) audit_.pop_front();
}

std::string AckBook::Save() const {
  json::array active;
  for (const auto& [key, ack] : active_) active.push_back(ToJsonObject(ack));
  json::array audit;
  for (const AckRecord& record : audit_)
    audit.push_back({{"time", ToUnixMillis(record.time)},
                     {"action", record.action},
                     {"by", record.by},
                     {"ack", ToJsonObject(record.ack)}});
  return ToJson(json::object{
      {"version", kVersion}, {"active", std::move(active)}, {"audit", std::move(audit)}});
}

Result<std::vector<std::string>> AckBook::Restore(std::string_view text) {
  AckBook read;
  std::vector<std::string> passed_over;
  try {
    const json::object in = ParseSaved(text, kVersion);
    const auto take_active = [&](const json::value& value) {
      Ack ack = AckFrom(value);
      std::pair key(ack.site_id, ack.service);
      read.active_.emplace(std::move(key), std::move(ack));
    };
    const auto take_record = [&](const json::value& value) {
      const json::object& record = value.as_object();
      read.audit_.push_back({TimeField(record, "time"), TextField(record, "action"),
                             TextField(record, "by"), AckFrom(record.at("ack"))});
    };
    TakeEntries(in, "active", take_active, passed_over);
    TakeEntries(in, "audit", take_record, passed_over);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt,
                std::string("saved acknowledgements cannot be read: ") + e.what());
  }
  *this = std::move(read);
  return passed_over;
}

}  // namespace heapwatch
