#include "alerting/alert_log.h"

#include <boost/json.hpp>
#include <utility>

#include "alerting/json_fields.h"
#include "analysis/base/json.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::int64_t kVersion = 1;

}  // namespace

void AlertLog::Append(std::vector<AlertChange> changes) {
  for (AlertChange& change : changes) changes_.push_back(std::move(change));
  while (changes_.size() > kMaxChanges) changes_.pop_front();
}

std::string AlertLog::Save() const {
  json::array changes;
  for (const AlertChange& change : changes_)
    changes.push_back({{"time", ToUnixMillis(change.time)},
                       {"state", change.state},
                       {"labels", json::value_from(change.labels)},
                       {"summary", change.summary},
                       {"note", change.note}});
  return ToJson(json::object{{"version", kVersion}, {"changes", std::move(changes)}});
}

Result<std::vector<std::string>> AlertLog::Restore(std::string_view text) {
  std::deque<AlertChange> changes;
  std::vector<std::string> passed_over;
  try {
    const json::object in = ParseSaved(text, kVersion);
    const auto take = [&](const json::value& value) {
      const json::object& change = value.as_object();
      changes.push_back({.time = TimeField(change, "time"),
                         .state = TextField(change, "state"),
                         .labels = json::value_to<Labels>(change.at("labels")),
                         .summary = TextField(change, "summary"),
                         .note = TextField(change, "note")});
    };
    TakeEntries(in, "changes", take, passed_over);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt,
                std::string("the saved history of alerts cannot be read: ") + e.what());
  }
  changes_ = std::move(changes);
  return passed_over;
}

}  // namespace heapwatch
