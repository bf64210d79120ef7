#include "watcher/app/stored_scrape_stops.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "alerting/json_fields.h"
#include "analysis/base/json.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::string_view kKey = "scrape_stops";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxStops = 1000;

std::string Save(const std::vector<ScrapeStop>& stops) {
  json::array saved;
  for (const ScrapeStop& stop : stops)
    saved.push_back({{"of", json::value_from(stop.of)},
                     {"by", stop.by},
                     {"reason", stop.reason},
                     {"since", ToUnixMillis(stop.since)}});
  return ToJson(json::object{{"version", kVersion}, {"stops", std::move(saved)}});
}

Result<std::vector<ScrapeStop>> Read(std::string_view text) {
  std::vector<ScrapeStop> stops;
  try {
    const json::object saved = ParseSaved(text, kVersion);
    for (const json::value& value : saved.at("stops").as_array()) {
      const json::object& in = value.as_object();
      stops.push_back({.of = json::value_to<Labels>(in.at("of")),
                       .by = TextField(in, "by"),
                       .reason = TextField(in, "reason"),
                       .since = TimeField(in, "since")});
    }
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorrupt, std::string("saved stops cannot be read: ") + e.what());
  }
  return stops;
}

std::string Name(const Labels& of) { return of.empty() ? "everything" : ToString(of); }

}  // namespace

Result<void> StoredScrapeStops::Restore(Time now) {
  const auto saved = store_.GetState(kKey);
  auto stops = !saved   ? Fail(saved.error())
               : *saved ? Read(**saved)
                        : Result<std::vector<ScrapeStop>>();
  const std::scoped_lock lock(mutex_);
  if (!stops) {
    stops_ = {{.of = {}, .by = "heapwatch", .reason = stops.error().message, .since = now}};
    return Fail(stops.error());
  }
  stops_ = *std::move(stops);
  for (const ScrapeStop& stop : stops_)
    spdlog::warn("scraping of {} is still stopped, by {} at {}: {}", Name(stop.of), stop.by,
                 FormatRfc3339(stop.since), stop.reason);
  return {};
}

Result<void> StoredScrapeStops::Keep(std::vector<ScrapeStop> stops) {
  if (auto kept = store_.PutState(kKey, Save(stops)); !kept) return kept;
  stops_ = std::move(stops);
  return {};
}

Result<void> StoredScrapeStops::Stop(const ScrapeStop& stop) {
  const std::scoped_lock lock(mutex_);
  std::vector<ScrapeStop> stops = stops_;
  std::erase_if(stops, [&](const ScrapeStop& known) { return known.of == stop.of; });
  if (stops.size() >= kMaxStops)
    return Fail(ErrorCode::kLimit, std::to_string(kMaxStops) +
                                       " stops are in force already: stop a whole job, or all");
  stops.push_back(stop);
  if (auto kept = Keep(std::move(stops)); !kept) return kept;
  spdlog::warn("scraping of {} is stopped by {} at {}: {}", Name(stop.of), stop.by,
               FormatRfc3339(stop.since), stop.reason);
  return {};
}

Result<void> StoredScrapeStops::Resume(const Labels& of, const std::string& by,
                                       const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  std::vector<ScrapeStop> stops = stops_;
  if (std::erase_if(stops, [&](const ScrapeStop& stop) { return HasAll(stop.of, of); }) == 0)
    return Fail(ErrorCode::kNotFound,
                "no stop of " + Name(of) +
                    " is in force; GET /api/v1/admin/scraping lists those that are, and each is "
                    "resumed as it was stopped");
  if (auto kept = Keep(std::move(stops)); !kept) return kept;
  spdlog::warn("scraping of {} is resumed by {}: {}", Name(of), by, reason);
  return {};
}

std::vector<ScrapeStop> StoredScrapeStops::All() const {
  const std::scoped_lock lock(mutex_);
  return stops_;
}

std::optional<ScrapeStop> StoredScrapeStops::Of(const Labels& target) const {
  const std::scoped_lock lock(mutex_);
  const auto stop = std::find_if(stops_.begin(), stops_.end(),
                                 [&](const ScrapeStop& s) { return HasAll(target, s.of); });
  return stop == stops_.end() ? std::nullopt : std::optional(*stop);
}

}  // namespace heapwatch
