#include "analysis/series/series_json.h"

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>

#include "analysis/base/json.h"
#include "analysis/series/observation_tracker.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDefaultSamplingPeriodBytes = 512LL * 1024;
constexpr std::size_t kMaxSites = 1'000'000;

Result<std::int64_t> ReadInt(const json::value& value, const std::string& where) {
  if (const std::int64_t* i = value.if_int64()) return *i;
  if (const double* d = value.if_double();
      d != nullptr && std::isfinite(*d) && std::fabs(*d) < 9e18) {
    return static_cast<std::int64_t>(*d);
  }
  return Fail(ErrorCode::kCorrupt, where + ": expected a number");
}

Result<Time> ReadTime(const json::value& value, const std::string& where) {
  if (!value.is_number()) return Fail(ErrorCode::kCorrupt, where + ": expected Unix seconds");
  const double seconds = value.to_number<double>();
  if (!(std::fabs(seconds) < 1e12)) return Fail(ErrorCode::kCorrupt, where + ": time out of range");
  return FromUnixMillis(std::llround(seconds * 1000.0));
}

std::string TextOf(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<void> ReadHead(const json::object& root, SeriesDocument& document) {
  document.run = TextOf(root, "run");
  document.group = TextOf(root, "group");
  document.runtime = TextOf(root, "runtime");
  if (const json::value* target = root.if_contains("target"); target && target->is_object()) {
    for (const auto& [name, value] : target->get_object()) {
      if (!value.is_string()) {
        return Fail(ErrorCode::kCorrupt, "target." + std::string(name) + ": expected a string");
      }
      document.target.emplace(std::string(name), std::string(value.get_string()));
    }
  }
  if (const json::value* limit = root.if_contains("limit_bytes"); limit && !limit->is_null()) {
    auto bytes = ReadInt(*limit, "limit_bytes");
    if (!bytes) return Fail(bytes.error());
    document.window.limit_bytes = *bytes;
  }
  if (const json::value* interval = root.if_contains("interval_s");
      interval && interval->is_number()) {
    const double seconds = interval->to_number<double>();
    if (seconds > 0 && seconds < 1e9) document.interval = Duration(std::llround(seconds * 1000.0));
  }
  const json::value* versions = root.if_contains("versions");
  if (versions == nullptr || !versions->is_array()) return {};
  for (std::size_t i = 0; i < versions->get_array().size(); ++i) {
    const std::string where = "versions[" + std::to_string(i) + "]";
    const json::value& entry = versions->get_array()[i];
    if (!entry.is_array() || entry.get_array().size() != 2 || !entry.get_array()[1].is_string()) {
      return Fail(ErrorCode::kCorrupt, where + ": expected [time, \"version\"]");
    }
    auto time = ReadTime(entry.get_array()[0], where);
    if (!time) return Fail(time.error());
    document.versions.emplace_back(*time, std::string(entry.get_array()[1].get_string()));
  }
  return {};
}

Result<void> ReadSites(const json::object& root, SiteWindow& window) {
  const json::value* sites = root.if_contains("sites");
  if (sites == nullptr || !sites->is_array()) {
    return Fail(ErrorCode::kWrongFormat, "sites: missing; this is no series document");
  }
  if (sites->get_array().size() > kMaxSites) return Fail(ErrorCode::kLimit, "sites: too many");
  for (const json::value& entry : sites->get_array()) {
    const auto index = static_cast<std::uint32_t>(window.sites.size());
    const std::string where = "sites[" + std::to_string(index) + "]";
    if (!entry.is_object()) return Fail(ErrorCode::kCorrupt, where + ": expected an object");
    Site site;
    site.function = TextOf(entry.get_object(), "function");
    site.file = TextOf(entry.get_object(), "file");
    if (const json::value* line = entry.get_object().if_contains("line")) {
      auto number = ReadInt(*line, where + ".line");
      if (!number) return Fail(number.error());
      site.line = *number;
    }
    const json::value* relative = entry.get_object().if_contains("line_is_relative");
    site.line_is_relative = relative != nullptr && relative->is_bool() && relative->get_bool();
    window.sites.push_back(std::move(site));
    window.rows.push_back({.site = SiteId(index), .block_bytes = 0});
    window.first_row.push_back(index);
  }
  window.first_row.push_back(static_cast<std::uint32_t>(window.sites.size()));
  return {};
}

// The rows of one snapshot, in the order of kQuantities; tells in `seen` which quantities were
// given.
Result<void> ReadSnapshot(const json::array& rows, const std::string& where, std::size_t sites,
                          std::array<std::vector<std::int64_t>, kQuantityCount>& columns,
                          std::array<bool, kQuantityCount>& seen) {
  if (rows.size() != sites) {
    return Fail(ErrorCode::kCorrupt, where + ": has " + std::to_string(rows.size()) + " rows for " +
                                         std::to_string(sites) + " sites");
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const json::array* values = rows[row].if_array();
    if (values == nullptr || values->size() != kQuantityCount) {
      return Fail(ErrorCode::kCorrupt,
                  where + "[" + std::to_string(row) + "]: expected four numbers");
    }
    for (std::size_t q = 0; q < kQuantityCount; ++q) {
      std::int64_t number = 0;
      if (!(*values)[q].is_null()) {
        auto read = ReadInt((*values)[q], where + "[" + std::to_string(row) + "]");
        if (!read) return Fail(read.error());
        number = *read;
        // Programs whose format lacks alloc have been recorded with zeros there.
        if (number != 0 || q < 2) seen[q] = true;
      }
      columns[q].push_back(number);
    }
  }
  return {};
}

std::string_view VersionAt(const SeriesDocument& document, Time time) {
  std::string_view version;
  for (const auto& [from, name] : document.versions) {
    if (version.empty() || time >= from) version = name;
  }
  return version;
}

// Marks restarts and repeats, by the rules every window is made by.
void MarkObservations(const SeriesDocument& document, SiteWindow& window) {
  ObservationTracker tracker;
  for (std::size_t i = 0; i < window.observations.size(); ++i) {
    Observation& observation = window.observations[i];
    ObservationFacts facts;
    facts.time = observation.time;
    facts.sampling_period_bytes = observation.sampling_period_bytes;
    facts.build = VersionAt(document, observation.time);
    for (std::size_t q = 0; q < kQuantityCount; ++q) {
      if (!window.has[q]) continue;
      std::int64_t total = 0;
      for (std::size_t row = 0; row < window.rows.size(); ++row) {
        const auto series = window.series(kQuantities[q], row);
        total = WrappingSum(total, series[i]);
        if (i > 0) facts.Add(kQuantities[q], series[i - 1], series[i]);
      }
      facts.totals[q] = total;
    }
    observation = tracker.Next(facts);
  }
}

Result<void> ReadSnapshots(const json::object& root, std::int64_t period,
                           SeriesDocument& document) {
  const json::value* snapshots = root.if_contains("snapshots");
  if (snapshots == nullptr || !snapshots->is_array()) {
    return Fail(ErrorCode::kWrongFormat, "snapshots: missing; this is no series document");
  }
  SiteWindow& window = document.window;
  const std::size_t sites = window.sites.size();
  std::array<std::vector<std::int64_t>, kQuantityCount> columns;  // one observation after the other
  for (std::size_t i = 0; i < snapshots->get_array().size(); ++i) {
    const std::string where = "snapshots[" + std::to_string(i) + "]";
    const json::object* entry = snapshots->get_array()[i].if_object();
    const json::value* values = entry == nullptr ? nullptr : entry->if_contains("v");
    const json::value* t = entry == nullptr ? nullptr : entry->if_contains("t");
    if (values == nullptr || t == nullptr) {
      return Fail(ErrorCode::kCorrupt, where + ": expected {\"t\": ..., \"v\": ...}");
    }
    auto time = ReadTime(*t, where + ".t");
    if (!time) return Fail(time.error());
    if (values->is_null()) continue;
    if (!values->is_array()) return Fail(ErrorCode::kCorrupt, where + ".v: expected rows or null");
    auto read = ReadSnapshot(values->get_array(), where + ".v", sites, columns, window.has);
    if (!read) return read;
    window.observations.push_back({.time = *time,
                                   .sampling_period_bytes = period,
                                   .lifetime = 0,
                                   .build = 0,
                                   .is_new = true});
  }
  const std::size_t count = window.observations.size();
  if (count > 0 && sites > 0 && !window.has[static_cast<std::size_t>(Quantity::kInuseSpace)]) {
    return Fail(ErrorCode::kWrongFormat,
                "snapshots: the live bytes, the first of a site's four numbers, are nowhere told");
  }
  for (std::size_t q = 0; q < kQuantityCount; ++q) {
    if (!window.has[q]) continue;
    window.matrix[q].resize(sites * count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t row = 0; row < sites; ++row) {
        window.matrix[q][row * count + i] = columns[q][i * sites + row];
      }
    }
  }
  return {};
}

}  // namespace

Result<SeriesDocument> ReadSeriesJson(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) return Fail(ErrorCode::kWrongFormat, "not JSON: " + error.message());
  if (!value.is_object()) return Fail(ErrorCode::kWrongFormat, "expected a JSON object");
  const json::object& root = value.get_object();
  SeriesDocument document;
  if (auto read = ReadHead(root, document); !read) return Fail(read.error());
  if (auto read = ReadSites(root, document.window); !read) return Fail(read.error());
  std::int64_t period = kDefaultSamplingPeriodBytes;
  if (const json::value* given = root.if_contains("sampling_period_bytes");
      given != nullptr && !given->is_null()) {
    auto bytes = ReadInt(*given, "sampling_period_bytes");
    if (!bytes) return Fail(bytes.error());
    period = *bytes;
  }
  if (auto read = ReadSnapshots(root, period, document); !read) return Fail(read.error());
  if (!document.versions.empty()) document.window.version = document.versions.back().second;
  MarkObservations(document, document.window);
  return document;
}

std::string WriteSeriesJson(const SeriesDocument& document) {
  const SiteWindow& window = document.window;
  json::object root{{"run", document.run}, {"group", document.group}};
  json::object target;
  for (const auto& [name, value] : document.target) target[name] = value;
  root["target"] = std::move(target);
  root["runtime"] = document.runtime;
  if (document.interval) root["interval_s"] = Seconds(*document.interval);
  if (!window.observations.empty()) {
    root["sampling_period_bytes"] = window.observations.back().sampling_period_bytes;
  }
  if (window.limit_bytes) root["limit_bytes"] = *window.limit_bytes;
  json::array versions;
  for (const auto& [time, name] : document.versions) {
    versions.push_back(json::array{ToUnixSeconds(time), name});
  }
  root["versions"] = std::move(versions);
  json::array sites;
  for (const Site& site : window.sites) {
    json::object entry = {{"function", site.function}, {"file", site.file}, {"line", site.line}};
    if (site.line_is_relative) entry["line_is_relative"] = true;
    sites.push_back(std::move(entry));
  }
  root["sites"] = std::move(sites);
  json::array snapshots;
  for (std::size_t i = 0; i < window.observations.size(); ++i) {
    json::array rows;
    for (std::size_t s = 0; s < window.sites.size(); ++s) {
      json::array values;
      for (const Quantity quantity : kQuantities) {
        if (!window.has[static_cast<std::size_t>(quantity)]) {
          values.push_back(nullptr);
          continue;
        }
        std::int64_t sum = 0;
        for (std::size_t row = window.first_row[s]; row < window.first_row[s + 1]; ++row) {
          sum = WrappingSum(sum, window.series(quantity, row)[i]);
        }
        values.push_back(sum);
      }
      rows.push_back(std::move(values));
    }
    snapshots.push_back(
        {{"t", ToUnixSeconds(window.observations[i].time)}, {"v", std::move(rows)}});
  }
  root["snapshots"] = std::move(snapshots);
  return ToJson(root) + "\n";
}

}  // namespace heapwatch
